"""Kept tiles held against the entries: each is handed to the log's verifier as the log fills it."""

from __future__ import annotations

from collections.abc import AsyncIterator

from vault.audit.tiles import Tile, tiles_completed
from vault.audit.verify import LogVerifier

KeptTile = tuple[int, int, bytes]
"""Level, index, hashes."""


class TileComparison:
    """Reads the kept tiles along with the entries. Memory: a tile."""

    def __init__(self, kept: AsyncIterator[KeptTile]) -> None:
        self._kept = kept
        self._next: KeptTile | None = None

    async def hand_over(self, log: LogVerifier, first_index: int, stop: int) -> None:
        """Hand over what the entries up to `stop` (excluded) fill, before they are fed, and say what lacks.

        Where entries are missing before `first_index`, tiles may be missing too: nothing is known of them.
        """
        lacking = set(tiles_completed(first_index, stop)) if first_index == log.size else set()
        while (kept := await self._peek()) is not None:
            tile = Tile(*kept[:2])
            if tile.end_index > stop:
                break
            self._next = None
            log.expect_tile(tile, kept[2])
            lacking.discard(tile)
        for tile in lacking:
            log.expect_tile(tile, None)

    async def finish(self, log: LogVerifier) -> None:
        """Hand over what is left, which no entry fills."""
        while (kept := await self._peek()) is not None:
            self._next = None
            log.expect_tile(Tile(*kept[:2]), kept[2])

    async def _peek(self) -> KeptTile | None:
        if self._next is None:
            self._next = await anext(self._kept, None)
        return self._next
