"""The reserve: disk space that recordings never take, so that log and slots can always be written."""

from __future__ import annotations

import os
from dataclasses import dataclass

from vault.errors import StorageFull

_DEFAULT_BYTES = 256 << 20
_DEFAULT_SHARE = 16  # a disk under 4 GiB keeps a sixteenth of itself


@dataclass(frozen=True, slots=True)
class Reserve:
    """How many bytes stay free; None is 256 MiB, or a sixteenth of a disk smaller than 4 GiB."""

    wanted_bytes: int | None = None

    def bytes_of(self, disk: os.statvfs_result) -> int:
        """Return the reserve of this disk."""
        if self.wanted_bytes is not None:
            return self.wanted_bytes
        return min(_DEFAULT_BYTES, disk.f_blocks * disk.f_frsize // _DEFAULT_SHARE)

    def keep(self, disk: os.statvfs_result, wanted_bytes: int) -> None:
        """Raise `StorageFull` if writing that much would touch the reserve."""
        free_bytes = disk.f_bavail * disk.f_frsize  # what an ordinary account may still write
        if free_bytes - wanted_bytes < self.bytes_of(disk):
            raise StorageFull("no space is left beyond the reserve of the disk")
