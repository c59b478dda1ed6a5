"""A blob's bytes on their way out: one piece is read while the one before it is taken."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

from vault.store.threads import Threads, finished, settled


class PieceReader(Protocol):
    """Reads one range of one blob, on one thread at a time."""

    @property
    def is_open(self) -> bool:
        """Whether there is something to close."""
        ...

    def next_piece(self) -> bytes:
        """Return the next piece; after the last one nothing is open."""
        ...

    def close(self) -> None:
        """Let go of what is read from."""
        ...


async def read_ahead(threads: Threads, reader: PieceReader, length: int) -> AsyncGenerator[bytes]:
    """Yield `length` bytes, reading one piece ahead; let go of the reader however this ends."""
    left = length
    if not left:
        return
    ahead = threads.start(reader.next_piece)
    try:
        while left:
            piece = await finished(ahead)
            left -= len(piece)
            if left:
                ahead = threads.start(reader.next_piece)
            yield piece
    finally:
        await settled(ahead)
        if reader.is_open:
            await threads.run(reader.close)
