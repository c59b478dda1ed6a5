"""Where sealed payloads lie. A blob store sees ciphertext under random names and nothing else."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from datetime import datetime
from typing import Protocol

from vault.domain.names import BlobKey

Piece = bytes | bytearray | memoryview


class BlobStore(Protocol):
    """Blobs by key: written once, whole, durable; read by range; deleted until proven absent."""

    async def put(self, key: BlobKey, pieces: AsyncIterator[Piece]) -> None:
        """Store all or nothing, durably: when this returns, the blob survives a power cut.

        Raise `BlobExists`, `StorageFull` or `StoreUnavailable`; whatever `pieces` raises passes through.
        A piece may lie in a buffer that is filled again once the next one is asked for.
        On any error, cancellation included, nothing of the blob stays.
        """
        ...

    def read(self, key: BlobKey, offset: int, length: int) -> AsyncGenerator[bytes, None]:
        """Yield `length` bytes from `offset` in pieces of 1 MiB at most.

        Raise `BlobMissing`, or `StoreUnavailable` when it ends early or can't be read.
        """
        ...

    async def delete(self, key: BlobKey) -> None:
        """Remove the blob and prove it absent; one that is gone already is no error.

        Raise `StoreUnavailable` when it may still be there.
        """
        ...

    def keys(self, *, older_than: datetime) -> AsyncIterator[BlobKey]:
        """Yield the keys of blobs last written before `older_than`, unfinished ones included."""
        ...

    async def examine(self) -> str | None:
        """Return the region where blobs lie, None for a place without one.

        Raise `ConfigInvalid` for a place that can keep what was deleted, or that lies where data must not;
        `StoreUnavailable` when that can't be told now.
        """
        ...

    async def check(self) -> None:
        """Pass if a blob could be stored now; raise `StorageFull` or `StoreUnavailable`."""
        ...

    def close(self) -> None:
        """Let threads and connections go; nothing is read or written any more."""
        ...
