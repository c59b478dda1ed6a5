"""Files that commands read and write: small ones whole, new ones never over old ones."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from vault.entrypoints.cli.exits import CommandFailed

_SMALL_BYTES = 4 << 20
_CHECKPOINT = "checkpoint"
_TILES = "tile"


def read_small(path: Path) -> bytes:
    """Return a file of 4 MiB at most; raise `OSError`, or `CommandFailed` for a larger one."""
    with path.open("rb") as file:
        content = file.read(_SMALL_BYTES + 1)
    if len(content) > _SMALL_BYTES:
        raise CommandFailed(f"{path} is too large for what it should be")
    return content


def must_be_new(path: Path) -> None:
    """Raise `CommandFailed` where there is a file already, before much work is done for nothing."""
    if path.exists():
        raise CommandFailed(f"{path} exists already; nothing was written")


def write_output(path: Path, content: bytes) -> None:
    """Write a new file, durably; raise `CommandFailed` where there is one already."""
    try:
        with path.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise CommandFailed(f"{path} exists already; nothing was written") from None


@dataclass(frozen=True, slots=True)
class ExportFolder:
    """A folder for an exported log; a later export of the same log may grow it."""

    path: Path

    @classmethod
    def prepare(cls, path: Path) -> ExportFolder:
        """Make the folder; raise `CommandFailed` for one with something else in it."""
        path.mkdir(parents=True, exist_ok=True)
        if {entry.name for entry in path.iterdir()} - {_CHECKPOINT, _TILES}:
            raise CommandFailed(f"{path} holds other things; an export wants a folder of its own")
        return cls(path)

    def write(self, name: str, content: bytes) -> None:
        """Put one file in its place, whole or not at all."""
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        part.write_bytes(content)
        part.replace(target)
