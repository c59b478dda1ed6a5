"""A body in batches, each worth a hop to another thread; what the network brought is not copied."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

from vault.ports.blobs import Piece

BATCH_BYTES = 1024 * 1024
"""Hashed and sealed in one go: large enough to drown a thread's hand-over, small enough to hold many."""

_SMALL_BYTES = 16 * 1024
"""Smaller pieces are joined: held one by one, crumbs cost many times the memory of what is in them."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Pieces of a body in order, `length` bytes in all; `last` if nothing follows."""

    pieces: list[Piece]
    length: int
    last: bool


async def in_batches(body: AsyncIterator[bytes]) -> AsyncGenerator[Batch, None]:
    """Gather a body into batches of `BATCH_BYTES` or one piece more; always yield a last one."""
    pieces: list[Piece] = []
    length = 0
    async for piece in body:
        if length >= BATCH_BYTES:
            yield Batch(pieces, length, last=False)
            pieces, length = [], 0
        _add(pieces, piece)
        length += len(piece)
    yield Batch(pieces, length, last=True)


def _add(pieces: list[Piece], piece: bytes) -> None:
    end = pieces[-1] if pieces else None
    if len(piece) >= _SMALL_BYTES:
        pieces.append(piece)
    elif isinstance(end, bytearray):
        end += piece
    else:
        pieces.append(bytearray(piece))
