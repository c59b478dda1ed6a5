"""One blob on disk, being written or being read. All of it blocks; call it on a thread.

A blob is written as `<key>.part`, takes its name by a rename, and only then is synced: data, name
and folder reach the disk in one commit of the file system's journal instead of two. Nobody is told
of the blob before that. After a power cut an incomplete file may bear the final name; it has no row
in the database, like every unfinished blob, and is swept with them.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from vault.domain.names import BlobKey
from vault.errors import BlobExists, BlobMissing, StoreUnavailable
from vault.ports.blobs import Piece
from vault.store.folders import BlobFolders, translated
from vault.store.space import Reserve

# Just under 1 MiB, and whole sealed chunks (64 KiB and a tag of 16 bytes): whoever reads from the start
# of one need not join and cut what comes.
PIECE_BYTES = 15 * (65536 + 16)
# Starting to write back this often makes 768 MiB and its fsync 1.4 times as fast as one fsync at the end.
_WRITE_BACK_BYTES = 16 << 20


class BlobWriter:
    """Writes one blob. Use by one thread at a time; end with `finish` or `discard`."""

    def __init__(self, folders: BlobFolders, key: BlobKey, reserve: Reserve) -> None:
        self._folders = folders
        self._key = key
        self._reserve = reserve
        self._place = folders.place(key)
        self._lies_at: Path | None = None  # what is ours to remove if the blob comes to nothing
        self._descriptor = -1
        self._size = 0
        self._written_back = 0

    def write(self, *pieces: Piece) -> None:
        """Append pieces; raise `BlobExists`, `StorageFull` or `StoreUnavailable`."""
        with translated(f"blob {self._key} can't be written"):
            if self._descriptor < 0:
                self._begin()
            for piece in pieces:
                self._append(memoryview(piece).cast("B"))

    def finish(self, *pieces: Piece) -> None:
        """Append the last pieces, give the blob its name and make all of it durable."""
        self.write(*pieces)
        with translated(f"blob {self._key} can't be finished"):
            self._place.unfinished.rename(self._place.whole)
            self._lies_at = self._place.whole
            os.fsync(self._descriptor)
            self._close()
            self._folders.sync(self._place)

    def discard(self) -> None:
        """Leave nothing. If the disk refuses even that, an unfinished blob stays for the sweep."""
        with suppress(OSError):
            self._close()
        if self._lies_at is not None:
            with suppress(OSError):
                self._lies_at.unlink(missing_ok=True)

    def _begin(self) -> None:
        self._folders.prepare(self._place)
        part = self._place.unfinished
        try:
            self._descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        except FileExistsError:
            raise BlobExists(f"blob {self._key} is being written") from None
        self._lies_at = part
        # Whoever holds the unfinished name is the only writer, so this can't change before the rename.
        if os.path.lexists(self._place.whole):
            raise BlobExists(f"blob {self._key} is there already")

    def _append(self, rest: memoryview) -> None:
        self._reserve.keep(os.fstatvfs(self._descriptor), len(rest))
        self._size += len(rest)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        self._write_back()

    def _write_back(self) -> None:
        length = self._size - self._written_back
        if length >= _WRITE_BACK_BYTES:
            os.posix_fadvise(self._descriptor, self._written_back, length, os.POSIX_FADV_DONTNEED)
            self._written_back = self._size

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


class BlobReader:
    """Reads one range of one blob. Use by one thread at a time; `close` unless read to its end."""

    def __init__(self, folders: BlobFolders, key: BlobKey, offset: int, length: int) -> None:
        self._folders = folders
        self._key = key
        self._offset = offset
        self._end = offset + length
        self._descriptor = -1

    @property
    def is_open(self) -> bool:
        """Whether there is something to close."""
        return self._descriptor >= 0

    def next_piece(self) -> bytes:
        """Return the next `PIECE_BYTES` or the rest; raise `BlobMissing` or `StoreUnavailable`."""
        with translated(f"blob {self._key} can't be read"):
            if not self.is_open:
                self._open()
            piece = self._read(min(PIECE_BYTES, self._end - self._offset))
            self._offset += len(piece)
            if self._offset == self._end:
                self.close()
            return piece

    def close(self) -> None:
        """Let go of the file."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _open(self) -> None:
        try:
            # Not blocking: in a pipe that lies there instead, a thread would wait for ever.
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
            self._descriptor = os.open(self._folders.place(self._key).whole, flags)
        except FileNotFoundError:
            self._folders.require()  # a disk that is not there is no missing blob
            raise BlobMissing(f"no blob {self._key}") from None

    def _read(self, length: int) -> bytes:
        piece = os.pread(self._descriptor, length, self._offset)
        while len(piece) < length:  # a signal or a slow disk may cut a read short
            more = os.pread(self._descriptor, length - len(piece), self._offset + len(piece))
            if not more:
                raise StoreUnavailable(f"blob {self._key} ends early")
            piece += more
        return piece
