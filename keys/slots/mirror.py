"""A mirror: one folder that holds every slot, and the marker that says whose it is."""

from __future__ import annotations

import errno
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from keys.durable import is_part_of, make_folder, sync_folder, write_new
from keys.errors import SlotsUnsafe
from keys.slots.filesystem import describe_filesystem, filesystem_of, require_overwriting
from keys.slots.folder import Folder
from keys.slots.head import lay_out_head

MARKER = "mirror"
CLAIM = "mirror.new"
_MARKER_TEXT = re.compile(rb"callvault-slots-1\nvault ([!-~]+)\nmirror ([0-9a-f]{32})\n")
_VAULT_ID = re.compile(r"[!-~]+")
_ALLOWED_IN_EMPTY = frozenset({"lost+found"})


@dataclass(frozen=True, slots=True)
class Mirror:
    """A folder that was found to be a mirror of this vault, and is recognised by its inode."""

    path: Path
    id: str
    device: int
    inode: int

    @contextmanager
    def opened(self, lock: int | None = None) -> Iterator[Folder]:
        """Open the folder, locked if asked; raise `OSError` when it is away or was replaced."""
        fd = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            status = os.fstat(fd)
            if (status.st_dev, status.st_ino) != (self.device, self.inode):
                raise OSError(errno.ESTALE, "another folder has taken its place")
            folder = Folder(fd)
            with nullcontext() if lock is None else folder.locked(lock):
                yield folder
        finally:
            os.close(fd)


def admit(path: Path, *, vault_id: str, allow_unsafe: bool, unfinished: bool = False) -> Mirror:
    """Recognise a mirror of this vault; `unfinished` also takes one that is being filled.

    Raises `OSError` when it is away, `SlotsUnsafe` when it is another vault's, empty, or on a file
    system that can't overwrite in place.
    """
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        status = os.fstat(fd)
        mirror_id = _read_marker(fd, MARKER, path, vault_id)
        if mirror_id is None and unfinished:
            mirror_id = _read_marker(fd, CLAIM, path, vault_id)
        if mirror_id is None:
            raise SlotsUnsafe(f"mirror {path} holds no slots of this vault; `callvault mirrors add` fills it")
        if not allow_unsafe:
            require_overwriting(filesystem_of(fd), path)
    finally:
        os.close(fd)
    return Mirror(path, mirror_id, status.st_dev, status.st_ino)


def holds_slots(path: Path) -> bool:
    """Whether a folder is marked as some vault's mirror, one that is being filled included."""
    return (path / MARKER).exists() or (path / CLAIM).exists()


def claim(path: Path, *, vault_id: str, allow_unsafe: bool) -> None:
    """Make a folder this vault's, to be filled; what a crashed claim left is taken up again.

    Raises `SlotsUnsafe` for a folder with anything else in it, and leaves that folder alone.
    """
    if not _VAULT_ID.fullmatch(vault_id):
        raise ValueError("a vault id is printable ASCII without spaces")
    if not allow_unsafe:
        require_overwriting(describe_filesystem(path), path)
    make_folder(path)
    names = {entry.name for entry in path.iterdir()}
    if names & {MARKER, CLAIM}:
        admit(path, vault_id=vault_id, allow_unsafe=True, unfinished=True)
        return
    if any(name not in _ALLOWED_IN_EMPTY and not is_part_of(CLAIM, name) for name in names):
        raise SlotsUnsafe(f"{path} is not empty and holds no slots of this vault")
    path.chmod(0o700)
    marker = f"callvault-slots-1\nvault {vault_id}\nmirror {secrets.token_hex(16)}\n"
    write_new(path / CLAIM, marker.encode("ascii"))


def lay_out(folder: Folder) -> None:
    """Make the files that every mirror has, where they are missing."""
    folder.lay_out_made()
    lay_out_head(folder)
    folder.sync()


def finish(path: Path) -> None:
    """Declare a claimed folder a mirror: from here it may be opened alone."""
    if (path / CLAIM).exists():
        (path / CLAIM).rename(path / MARKER)
        sync_folder(path)


def _read_marker(folder_fd: int, name: str, path: Path, vault_id: str) -> str | None:
    try:
        with Folder(folder_fd).opened(name, os.O_RDONLY) as fd:
            match = _MARKER_TEXT.fullmatch(os.read(fd, 4096))
    except FileNotFoundError:
        return None
    if match is None:
        raise SlotsUnsafe(f"{path} is marked in a way that is not ours")
    if match[1].decode("ascii") != vault_id:
        raise SlotsUnsafe(f"{path} holds the slots of another vault")
    return match[2].decode("ascii")
