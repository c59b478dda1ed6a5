"""The log across the borders of its higher tiles, where few tests would ever get by appending."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, update

from tests.contract.database.samples import append
from tests.fakes.clock import NOON
from tests.unit.db.troubles import on_both
from vault.audit.growth import GrowingTree, Hashes
from vault.audit.proof import inclusion_nodes, inclusion_proof, root_nodes, root_of, verify_inclusion
from vault.audit.tiles import TILE_WIDTH, Tile, tile_root
from vault.audit.tree import MAX_SIZE, Frontier, leaf_hash
from vault.db.database import SqlDatabase
from vault.db.log_tables import log_entries, log_head, log_tiles
from vault.errors import LogCorrupt, LogUnavailable

BORDER = TILE_WIDTH * TILE_WIDTH


class LongLog:
    """A tree over made-up records, kept as the database keeps one; grows as a reference afterwards."""

    def __init__(self, size: int) -> None:
        self.tiles: dict[Tile, bytes] = {}
        self.tree = GrowingTree(self._keep)
        for index in range(size):
            self.tree.append(leaf_hash(self.record(index)))

    @staticmethod
    def record(index: int) -> bytes:
        """Return what stands for the entry there."""
        return b"entry %d" % index

    def frontier(self) -> Frontier:
        """Return the right edge."""
        frontier = self.tree.frontier()
        assert frontier is not None
        return frontier

    def _keep(self, tile: Tile, hashes: Hashes) -> None:
        self.tiles[tile] = b"".join(each for each in hashes if each)

    async def put_into(self, database: SqlDatabase) -> None:
        """Write tiles, head, and the entries that no full tile covers."""
        size = self.tree.size
        tiles = [
            {"level": tile.level, "index": tile.index, "root": tile_root(hashes), "hashes": hashes}
            for tile, hashes in self.tiles.items()
        ]
        found_by = {"time": NOON, "actor": "a", "action": "a", "outcome": "o", "channel": "c"}
        entries = [
            {"index": index, "record": self.record(index), **found_by}
            for index in range(size - size % TILE_WIDTH, size)
        ]
        async with database._writer.begin() as connection:
            await connection.execute(insert(log_tiles), tiles)
            await connection.execute(insert(log_entries), entries)
            await connection.execute(update(log_head).values(size=size, frontier=self.frontier().encode()))
        database._witness.saw(self.frontier(), NOON)  # as if this process had written it


@pytest.fixture
async def long_log(database: SqlDatabase) -> LongLog:
    """A log that lacks 100 entries to its first tile of level 1."""
    log = LongLog(BORDER - 100)
    await log.put_into(database)
    return log


@on_both
async def test_a_tile_of_level_one_is_kept_as_it_fills(database: SqlDatabase, long_log: LongLog) -> None:
    """Growing over 65,536 entries keeps the tiles and the right edge that a recomputation gives."""
    for count in (99, 1, 1, 300):
        for record in await append(database, count):
            long_log.tree.append(leaf_hash(record))

        async with database.reading() as rows:
            kept = {Tile(level, index): hashes async for level, index, hashes in rows.events.tiles()}
            assert (await rows.events.edge()).frontier == long_log.frontier()
        assert kept == long_log.tiles

    assert Tile(1, 0) in long_log.tiles


@on_both
async def test_proofs_reach_across_every_level(database: SqlDatabase, long_log: LongLog) -> None:
    """Proofs of old and new entries hold, at sizes before, at and after the border."""
    records = await append(database, 400)

    async with database.reading() as rows:
        for size in (BORDER - 1, BORDER, BORDER + 1, BORDER + 300):
            root = root_of(size, await rows.events.nodes(root_nodes(size), size))
            for index in (0, 40_000, BORDER - 101, BORDER - 100, size - 1):
                proof = inclusion_proof(
                    index, size, await rows.events.nodes(inclusion_nodes(index, size), size)
                )
                new = index - (BORDER - 100)
                record = records[new] if new >= 0 else long_log.record(index)
                verify_inclusion(leaf_hash(record), index, size, root, proof)


@on_both
async def test_a_missing_tile_is_told(database: SqlDatabase, long_log: LongLog) -> None:
    """A tile that was taken away is no proof, and no tile is made above the gap."""
    async with database._writer.begin() as connection:
        await connection.execute(log_tiles.delete().where(log_tiles.c.index == 7))

    async with database.reading() as rows:
        with pytest.raises(LogCorrupt):
            await rows.events.nodes(inclusion_nodes(7 * TILE_WIDTH, BORDER - 200), BORDER - 200)
        with pytest.raises(LogCorrupt):
            await rows.events.nodes(inclusion_nodes(0, BORDER - 200), BORDER - 200)
    with pytest.raises(LogUnavailable):
        await append(database, 100)
    await append(database, 99)


@on_both
async def test_entries_outside_of_the_log_are_told(database: SqlDatabase, long_log: LongLog) -> None:
    """Those below its beginning and from its end on; a log as it was written has none."""
    size = long_log.tree.size
    async with database.reading() as rows:
        assert list(await rows.events.strays(9)) == []

    found_by = {"time": NOON, "actor": "a", "action": "a", "outcome": "o", "channel": "c", "record": b"{}"}
    strays = [-(1 << 63), -1, size, size + 7, MAX_SIZE]
    async with database._writer.begin() as connection:
        await connection.execute(insert(log_entries), [{"index": index, **found_by} for index in strays])

    async with database.reading() as rows:
        assert sorted(await rows.events.strays(9)) == strays
        assert len(await rows.events.strays(3)) == 3


@on_both
async def test_a_forged_size_sets_no_memory_aside(database: SqlDatabase, long_log: LongLog) -> None:
    """What the head row claims to have is missing, at once; what there is comes in runs."""
    size = 1 << 62
    forged = Frontier(size, (b"\1" * 32,))
    async with database._writer.begin() as connection:
        await connection.execute(update(log_head).values(size=size, frontier=forged.encode()))

    async with database.reading() as rows:
        with pytest.raises(LogCorrupt):
            await rows.events.nodes(inclusion_nodes(size - 1, size), size)
        runs = [run async for run in rows.events.runs(0, size)]
    assert sum(len(run.records) for run in runs) == long_log.tree.size % TILE_WIDTH
