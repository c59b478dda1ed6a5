"""One mirror's folder, open: reading, overwriting, making and burying segments.

Everything goes by the folder's descriptor, so that a folder swapped underneath can't be written by
mistake. Every file is opened afresh: a kept handle might belong to a segment that has been replaced
since, and opening costs a few microseconds beside a sync.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from keys.durable import write_all
from keys.slots.layout import (
    SEGMENT_BYTES,
    SLOT_BYTES,
    ZERO_SEGMENT,
    ZERO_SLOT,
    Inventory,
    gone_name,
    runs,
    segment_name,
    slot_in,
)

INCOMING = "incoming"
MADE = "made"
_MADE_DIGITS = 20
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
# Not blocking: in a pipe that lies there instead of a file, whoever opens it would wait for ever.
_PLAIN = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class Folder:
    """An open mirror folder; every method may raise `OSError`, which means this mirror failed."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    @contextmanager
    def locked(self, how: int) -> Iterator[None]:
        """Hold the mirror's lock: `LOCK_SH` to destroy, `LOCK_EX` to make, copy or bury."""
        with flocked(self._fd, how):
            yield

    def sync(self) -> None:
        """Make names durable."""
        os.fsync(self._fd)

    def names(self) -> list[str]:
        """List the folder."""
        return os.listdir(self._fd)  # noqa: PTH208 - by descriptor, which a Path can't be

    @contextmanager
    def opened(self, name: str, flags: int) -> Iterator[int]:
        """Open one of the folder's files, 0600 if it is made by this."""
        fd = os.open(name, flags | _PLAIN, 0o600, dir_fd=self._fd)
        try:
            yield fd
        finally:
            os.close(fd)

    def inventory(self) -> Inventory:
        """List what is there."""
        with self.opened(MADE, os.O_RDONLY) as fd:
            made = os.pread(fd, _MADE_DIGITS, 0)
        if len(made) != _MADE_DIGITS or not made.isdigit():
            raise OSError(errno.EIO, "the count of segments made is damaged")
        return Inventory.from_names(self.names(), made=int(made))

    def lay_out_made(self) -> None:
        """Begin the count of segments made, unless it has begun."""
        with self.opened(MADE, os.O_WRONLY | os.O_CREAT) as fd:
            begun = os.fstat(fd).st_size >= _MADE_DIGITS
        if not begun:
            self.record_made(0)

    def record_made(self, count: int) -> None:
        """Keep durably how many segments were ever made; within one sector, so it is old or new."""
        with self.opened(MADE, os.O_WRONLY) as fd:
            write_all(fd, b"%0*d" % (_MADE_DIGITS, count), offset=0)
            os.fsync(fd)

    def is_gone(self, segment: int) -> bool:
        """Whether the segment has a tombstone."""
        try:
            os.stat(gone_name(segment), dir_fd=self._fd, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def read_slots(self, segment: int, slots: Sequence[int]) -> list[bytes | None]:
        """Return the bytes of slots of one segment: zeros if it is gone, None if it is not here."""
        try:
            with self._segment(segment, os.O_RDONLY) as fd:
                return [_read(fd, SLOT_BYTES, slot * SLOT_BYTES) for slot in slots]
        except FileNotFoundError:
            return [ZERO_SLOT if self.is_gone(segment) else None] * len(slots)

    def read_segment(self, segment: int) -> bytes | None:
        """Return a whole segment, or None if it is not here."""
        try:
            with self._segment(segment, os.O_RDONLY) as fd:
                return _read(fd, SEGMENT_BYTES, 0)
        except FileNotFoundError:
            return None

    def zero(self, wanted: Mapping[int, Collection[int]]) -> set[int]:
        """Destroy slots, given by segment; return the segments that are here or gone."""
        return {s for s, slots in wanted.items() if self.zero_slots(s, slots) or self.is_gone(s)}

    def zero_slots(self, segment: int, slots: Collection[int]) -> bool:
        """Overwrite slots of one segment, sync and read back; False if the segment is not here."""
        try:
            with self._segment(segment, os.O_RDWR) as fd:
                for first, count in runs(slots):
                    write_all(fd, bytes(count * SLOT_BYTES), offset=first * SLOT_BYTES)
                # Even with nothing to write: zeros found here may be another's, not synced yet.
                os.fdatasync(fd)
                _require_zero(fd, slots)
        except FileNotFoundError:
            return False
        return True

    def zero_alive(self, segment: int, slots: Sequence[int]) -> set[int]:
        """Destroy those of the slots that are not zero yet; return them."""
        content = self.read_segment(segment)
        if content is None:
            return set()
        alive: set[int] = set()
        if content != ZERO_SEGMENT:
            alive = {slot for slot in slots if slot_in(content, slot) != ZERO_SLOT}
        self.zero_slots(segment, alive)
        return alive

    def make_segment(self, segment: int, content: bytes) -> None:
        """Make a segment appear whole and durable; the exclusive lock must be held."""
        self.wipe_incoming()
        try:
            with self.opened(INCOMING, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as fd:
                write_all(fd, content, offset=0)
                os.fsync(fd)
            # link() can't replace a segment, which rename() would.
            os.link(INCOMING, segment_name(segment), src_dir_fd=self._fd, dst_dir_fd=self._fd)
        finally:
            self.wipe_incoming()
        self.record_made(max(segment + 1, self.inventory().made))

    def wipe_incoming(self) -> None:
        """Remove what a crashed copy left: it may hold slots that are to be destroyed."""
        try:
            with self.opened(INCOMING, os.O_WRONLY) as fd:
                status = os.fstat(fd)
                # With a second name it has become the segment already, and only this name goes.
                if status.st_nlink == 1:
                    write_all(fd, bytes(status.st_size), offset=0)
                    os.fsync(fd)
        except FileNotFoundError:
            return
        with suppress(FileNotFoundError):
            os.unlink(INCOMING, dir_fd=self._fd)
        self.sync()

    def bury(self, segments: Collection[int]) -> None:
        """Unlink wholly destroyed segments; zeros and tombstones are durable first."""
        for segment in segments:
            # Zeros not synced yet would leave the old bytes in the blocks that unlinking frees.
            self.zero_slots(segment, ())
            with self.opened(gone_name(segment), os.O_WRONLY | os.O_CREAT):
                pass
        self.sync()
        for segment in segments:
            with suppress(FileNotFoundError):
                os.unlink(segment_name(segment), dir_fd=self._fd)
        self.sync()

    @contextmanager
    def _segment(self, segment: int, flags: int) -> Iterator[int]:
        with self.opened(segment_name(segment), flags) as fd:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode) or status.st_size != SEGMENT_BYTES:
                raise OSError(errno.EIO, f"{segment_name(segment)} is not {SEGMENT_BYTES} bytes long")
            yield fd


@contextmanager
def flocked(fd: int, how: int) -> Iterator[None]:
    """Hold a lock on an open file; it waits for threads and processes alike."""
    fcntl.flock(fd, how)
    try:
        yield
    finally:
        # Closing is not enough: a child forked meanwhile has the file open too.
        fcntl.flock(fd, fcntl.LOCK_UN)


def _read(fd: int, length: int, offset: int) -> bytes:
    content = os.pread(fd, length, offset)
    if len(content) != length:
        raise OSError(errno.EIO, "a segment ended early")
    return content


def _require_zero(fd: int, slots: Collection[int]) -> None:
    if not slots:
        return
    page = min(slots) * SLOT_BYTES // _PAGE_BYTES * _PAGE_BYTES
    length = (max(slots) + 1) * SLOT_BYTES - page
    # Synced pages are clean, so the kernel drops them and reads what the disk has. It drops whole ones.
    os.posix_fadvise(fd, page, length + _PAGE_BYTES, os.POSIX_FADV_DONTNEED)
    content = _read(fd, length, page)
    if content == bytes(length):
        return
    if any(content[at : at + SLOT_BYTES] != ZERO_SLOT for at in (s * SLOT_BYTES - page for s in slots)):
        raise OSError(errno.EIO, "a destroyed slot reads back as it was")
