"""A blob store in memory that keeps the contract, for tests of what stands above it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from vault.domain.names import BlobKey
from vault.errors import BlobExists, BlobMissing, StorageFull, StoreUnavailable
from vault.ports.blobs import Piece
from vault.store.blobkey import checked

_PIECE_BYTES = 1 << 20


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class MemoryBlobs:
    """Blobs in a dict. Set `down` or `room_bytes` to make it fail; `written_at` to make a blob old."""

    blobs: dict[BlobKey, bytes] = field(default_factory=dict)
    unfinished: set[BlobKey] = field(default_factory=set)
    written_at: dict[BlobKey, datetime] = field(default_factory=dict)
    down: bool = False
    room_bytes: int | None = None

    async def put(self, key: BlobKey, pieces: AsyncIterator[Piece]) -> None:
        """Keep the pieces once the last has come."""
        self._require_up()
        if checked(key) in self.blobs or key in self.unfinished:
            raise BlobExists(f"blob {key} is there already")
        self.unfinished.add(key)
        try:
            content = bytearray()
            async for piece in pieces:
                content += piece
                self._require_room(len(content))
            self._require_up()
            self.blobs[key] = bytes(content)
            self.written_at[key] = _now()
        finally:
            self.unfinished.discard(key)

    async def read(self, key: BlobKey, offset: int, length: int) -> AsyncGenerator[bytes]:
        """Yield the range in pieces of 1 MiB at most."""
        self._require_up()
        if checked(key) not in self.blobs:
            raise BlobMissing(f"no blob {key}")
        end = offset + length
        while offset < end:
            piece = self.blobs.get(key, b"")[offset : min(offset + _PIECE_BYTES, end)]
            if not piece:
                raise StoreUnavailable(f"blob {key} ends early")
            offset += len(piece)
            yield piece

    async def delete(self, key: BlobKey) -> None:
        """Forget the blob."""
        self._require_up()
        self.blobs.pop(checked(key), None)
        self.unfinished.discard(key)
        self.written_at.pop(key, None)

    async def keys(self, *, older_than: datetime) -> AsyncGenerator[BlobKey]:
        """Yield what is older; what was never finished counts as written now unless `written_at` says."""
        self._require_up()
        for key in sorted({*self.blobs, *self.unfinished}):
            if self.written_at.get(key, _now()) < older_than:
                yield key

    async def examine(self) -> str | None:
        """Return None: memory has no region."""
        return None

    async def check(self) -> None:
        """Pass unless `down`, or without room for a byte."""
        self._require_up()
        self._require_room(1)

    def close(self) -> None:
        """Serve nobody any more; what was stored can still be looked at."""
        self.down = True

    def _require_up(self) -> None:
        if self.down:
            raise StoreUnavailable("the memory is down, as the test asked")

    def _require_room(self, wanted_bytes: int) -> None:
        used = sum(map(len, self.blobs.values()))
        if self.room_bytes is not None and used + wanted_bytes > self.room_bytes:
            raise StorageFull("the memory is full, as the test asked")
