"""Steps that the tests of every blob store share."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from vault.domain.names import BlobKey, new_id
from vault.ports.blobs import BlobStore, Piece

MIB = 1 << 20
HOUR = timedelta(hours=1)


def key() -> BlobKey:
    """Return a fresh key."""
    return BlobKey(new_id())


def content(size: int, seed: int = 1) -> bytes:
    """Return bytes in which no piece is like another."""
    return random.Random(seed).randbytes(size)  # noqa: S311  # the same bytes in every run


async def pieces(*parts: Piece) -> AsyncIterator[Piece]:
    """Yield parts as a sealer does."""
    for part in parts:
        await asyncio.sleep(0)
        yield part


async def failing(*parts: Piece, error: BaseException) -> AsyncIterator[Piece]:
    """Yield parts, then break as a cut upload does."""
    for part in parts:
        yield part
    raise error


async def stalled(started: asyncio.Event, *parts: Piece) -> AsyncIterator[Piece]:
    """Yield parts, then wait for ever as a stalled upload does."""
    for part in parts:
        yield part
    started.set()
    await asyncio.Event().wait()


async def read(store: BlobStore, blob: BlobKey, offset: int, length: int) -> bytes:
    """Return a range as a whole, and check the size of its pieces on the way."""
    got = [piece async for piece in store.read(blob, offset, length)]
    assert all(0 < len(piece) <= MIB for piece in got)
    return b"".join(got)


async def every_key(store: BlobStore) -> list[BlobKey]:
    """Return the keys of everything there is, unfinished or not."""
    return sorted([found async for found in store.keys(older_than=datetime.now(UTC) + HOUR)])
