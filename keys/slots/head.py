"""The log's highest signed size and root, kept beside the slots.

A database restored from behind them is found out by this. Two fixed records in one file take turns,
so that a power cut spoils at most the one being written; overwriting in place needs one `fdatasync`
and no journal commit. A record is

    "callhead" ‖ era u32 ‖ size u64 ‖ length u32 ‖ SHA-256 of all the rest ‖ data

in big-endian order. Sizes only go forward within an era; a new era begins when an operator accepts a
loss, and a higher era wins over any size.
"""

from __future__ import annotations

import errno
import hashlib
import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_SH

from keys.durable import write_all
from keys.slots.folder import Folder, flocked

HEAD = "head"
RECORD_BYTES = 16 * 1024
_MAGIC = b"callhead"
_FIELDS = struct.Struct(">8sIQI")
_DIGEST_BYTES = 32
_PREFIX_BYTES = _FIELDS.size + _DIGEST_BYTES
_EMPTY = bytes(RECORD_BYTES)
MAX_HEAD_BYTES = RECORD_BYTES - _PREFIX_BYTES


@dataclass(frozen=True, slots=True)
class Head:
    """What was signed last. Higher is a later era, or a bigger log in the same era."""

    era: int
    size: int
    data: bytes

    @property
    def height(self) -> tuple[int, int]:
        """What decides which of two heads is the higher one."""
        return self.era, self.size


def newest(heads: Iterable[Head | None]) -> Head | None:
    """Return the highest of them."""
    return max((head for head in heads if head is not None), key=lambda head: head.height, default=None)


def lay_out_head(folder: Folder) -> None:
    """Make the head file, both records empty, unless it is there at full size."""
    with folder.opened(HEAD, os.O_RDWR | os.O_CREAT) as fd, flocked(fd, LOCK_EX):
        if os.fstat(fd).st_size < 2 * RECORD_BYTES:
            write_all(fd, bytes(2 * RECORD_BYTES), offset=0)
            os.fsync(fd)


def read_head(folder: Folder) -> Head | None:
    """Return the newest valid record of this mirror, None before the first."""
    with folder.opened(HEAD, os.O_RDONLY) as fd, flocked(fd, LOCK_SH):
        return newest(_read_both(fd))


def write_head(folder: Folder, data: bytes, size: int) -> None:
    """Keep a head in the era of the newest one, durably; one that is not higher is let go."""
    _advance(folder, data, size, era=None)


def put_head(folder: Folder, head: Head) -> None:
    """Keep this head with the era it has, durably, unless the mirror has a higher one."""
    _advance(folder, head.data, head.size, era=head.era)


def _advance(folder: Folder, data: bytes, size: int, *, era: int | None) -> None:
    with folder.opened(HEAD, os.O_RDWR) as fd, flocked(fd, LOCK_EX):
        records = _read_both(fd)
        current = newest(records)
        if era is None:
            era = current.era if current else 0
        if current is None or (era, size) > current.height:
            spare = 1 if current is not None and records[0] == current else 0
            write_all(fd, _pack(Head(era, size, data)), offset=spare * RECORD_BYTES)
        # Even if another was first: it may have died between writing and syncing.
        os.fdatasync(fd)


def _read_both(fd: int) -> list[Head | None]:
    raw = [os.pread(fd, RECORD_BYTES, at) for at in (0, RECORD_BYTES)]
    records = [_parse(record) for record in raw if len(record) == RECORD_BYTES]
    # One spoilt record is a power cut. Both, or a short file, is damage: no reason to forget the head.
    if len(records) != len(raw) or (not any(records) and _EMPTY not in raw):
        raise OSError(errno.EIO, "the head beside the slots is damaged")
    return records


def _pack(head: Head) -> bytes:
    fields = _FIELDS.pack(_MAGIC, head.era, head.size, len(head.data))
    return fields + hashlib.sha256(fields + head.data).digest() + head.data


def _parse(record: bytes) -> Head | None:
    if record == _EMPTY:
        return None
    fields, digest = record[: _FIELDS.size], record[_FIELDS.size : _PREFIX_BYTES]
    magic, era, size, length = _FIELDS.unpack(fields)
    data = record[_PREFIX_BYTES : _PREFIX_BYTES + length]
    if magic != _MAGIC or len(data) != length or hashlib.sha256(fields + data).digest() != digest:
        return None
    return Head(era, size, data)
