"""Kept tiles are handed to the log's verifier before the entries that fill them."""

from __future__ import annotations

from collections.abc import AsyncIterator

from vault.audit.tiles import TILE_BYTES, Tile
from vault.audit.verify import FindingKind, LogVerifier
from vault.comparing.tiles import KeptTile, TileComparison


async def keep(*tiles: Tile) -> AsyncIterator[KeptTile]:
    """Keep these, with no hash that is right."""
    for tile in tiles:
        yield tile.level, tile.index, bytes(TILE_BYTES)


async def test_an_entry_forged_far_away_ends_the_work_at_once() -> None:
    """Tiles before an entry with an absurd index are not counted for hours."""
    log, tiles = LogVerifier(), TileComparison(keep())

    await tiles.hand_over(log, 1 << 60, (1 << 60) + 1)
    log.feed_run(1 << 60, [b"forged"])
    await tiles.finish(log)

    assert [each.kind for each in log.finish()] == [FindingKind.MISSING]


async def test_what_no_entry_fills_is_handed_over_last() -> None:
    """A tile below all entries, one beyond them, one of a level that isn't: each is a finding, once."""
    log = LogVerifier()
    tiles = TileComparison(keep(Tile(0, -2), Tile(0, 3), Tile(60, 0)))

    await tiles.hand_over(log, 0, 10)
    await tiles.finish(log)

    found = log.finish()
    assert [each.kind for each in found] == [FindingKind.TILE] * 3
    assert [each.index for each in found] == [-512, 768, 0]
