"""Writing that survives a power cut: whole writes, synced files, synced folders."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path


def write_all(fd: int, content: bytes, *, offset: int) -> None:
    """Write every byte at that offset, however often the kernel takes only a part."""
    rest = memoryview(content)
    while rest:
        written = os.pwrite(fd, rest, offset)
        offset += written
        rest = rest[written:]


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def make_folder(path: Path) -> None:
    """Make a folder and the parents it lacks, durably; a folder made here is 0700."""
    if path.is_dir():
        return
    if path.exists():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
    make_folder(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    sync_folder(path.parent)


def write_new(path: Path, content: bytes) -> None:
    """Write a file that does not exist yet, 0600, whole or not at all, durable with its name.

    Raises `FileExistsError` and leaves what lies there alone. A crash may leave a part under a name
    that `is_part_of` knows.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        write_all(fd, content, offset=0)
        os.fsync(fd)
        path.hardlink_to(part)
    finally:
        os.close(fd)
        part.unlink()
    sync_folder(path.parent)


def is_part_of(name: str, found: str) -> bool:
    """Whether a file name is what a crash in `write_new` left of `name`."""
    return found.startswith(f".{name}.") and found.endswith(".part")
