"""Whether a file system overwrites in place, which is what destroying a slot rests on.

proc(5), `/proc/PID/mountinfo` and `/proc/PID/fdinfo`. Measured: ext4 and xfs leave no trace of
overwritten bytes on the disk; copy-on-write and log-structured file systems keep the old ones, and
a network's may be anything.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from keys.errors import SlotsUnsafe

_OVERWRITES_IN_PLACE = frozenset({"ext2", "ext3", "ext4", "xfs", "tmpfs"})
_OCTAL = re.compile(r"\\([0-7]{3})")
_FIELDS_BEFORE_OPTIONALS = 6
_MOUNT_ID = "mnt_id"
_BLOCK_DEVICES = Path("/sys/dev/block")
_EXT4_OPTIONS = Path("/proc/fs/ext4")
_SETTING = "[slots] allow_unsafe_filesystem"


@dataclass(frozen=True, slots=True)
class FileSystem:
    """A mounted file system, as the kernel describes it."""

    kind: str
    source: str
    mount_point: str
    device: str
    options: frozenset[str]

    @property
    def problem(self) -> str | None:
        """Why slots can't be destroyed here, or None when they can."""
        if self.kind not in _OVERWRITES_IN_PLACE:
            return f"{self.kind} is not known to overwrite in place"
        if "data=journal" in self.options:
            return f"{self.kind} with data=journal copies what is written into its journal"
        return None

    def __str__(self) -> str:
        return f"{self.kind} ({self.source} on {self.mount_point})"


def parse_mountinfo(text: str) -> dict[int, FileSystem]:
    """Read a mountinfo table: mount id → file system. Lines of another shape are passed over."""
    mounts = {}
    for line in text.split("\n"):
        fields = line.split(" ")
        if "-" not in fields[_FIELDS_BEFORE_OPTIONALS:] or not _is_number(fields[0]):
            continue
        separator = fields.index("-", _FIELDS_BEFORE_OPTIONALS)
        kind, source, super_options = (*fields[separator + 1 :], "", "", "")[:3]
        mounts[int(fields[0])] = FileSystem(
            kind=_unescape(kind),
            source=_unescape(source),
            mount_point=_unescape(fields[4]),
            device=fields[2],
            options=frozenset(f"{fields[5]},{super_options}".split(",")),
        )
    return mounts


def describe_filesystem(path: Path) -> FileSystem:
    """Return the file system that a folder lies on, or would lie on once it is made."""
    existing = path.absolute()
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    fd = os.open(existing, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return filesystem_of(fd)
    finally:
        os.close(fd)


def filesystem_of(fd: int) -> FileSystem:
    """Return the file system that an open file or folder lies on."""
    try:
        mounts = parse_mountinfo(Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape"))
        found = mounts[_mount_id(Path(f"/proc/self/fdinfo/{fd}").read_text("ascii"))]
    except (OSError, KeyError):
        return FileSystem("unknown", "unknown", "unknown", "", frozenset())
    return with_superblock_options(found)


def require_overwriting(filesystem: FileSystem, path: Path) -> None:
    """Raise `SlotsUnsafe` with the way out, unless slots can be destroyed there."""
    if problem := filesystem.problem:
        raise SlotsUnsafe(
            f"slots at {path} could not be destroyed: {filesystem}: {problem}; use ext4 or xfs, "
            f"or accept it with {_SETTING}"
        )


def with_superblock_options(filesystem: FileSystem) -> FileSystem:
    """Add what the kernel leaves out of mountinfo: a journal mode set by `tune2fs -o` as default."""
    if not filesystem.kind.startswith("ext"):
        return filesystem
    try:
        name = (_BLOCK_DEVICES / filesystem.device).resolve(strict=True).name
        hidden = (_EXT4_OPTIONS / name / "options").read_text("utf-8", "replace").split("\n")
    except OSError:
        return filesystem
    return replace(filesystem, options=filesystem.options.union(hidden))


def _mount_id(fdinfo: str) -> int:
    lines = dict(line.partition(":")[::2] for line in fdinfo.split("\n"))
    return int(lines.get(_MOUNT_ID, "-1"))


def _is_number(field: str) -> bool:
    return field.isascii() and field.isdigit()


def _unescape(field: str) -> str:
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), field)
