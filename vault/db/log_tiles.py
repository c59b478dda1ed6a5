"""Full tiles of the log, written in the transaction of the entry that fills them (C2SP tlog-tiles).

Storing them makes a proof of any entry, at any size, a matter of a few rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select

from vault.audit.tiles import TILE_WIDTH, Tile, tile_root, tiles_completed
from vault.audit.tree import leaf_hash
from vault.db.connection import AsyncConnection
from vault.db.log_tables import log_entries, log_tiles
from vault.errors import LogCorrupt


async def store_completed_tiles(connection: AsyncConnection, old_size: int, leaves: Sequence[bytes]) -> None:
    """Store the tiles that become full as `leaves` join a log of `old_size`.

    The entries are stored already. Raises `LogCorrupt` when older ones, or tiles, are missing.
    """
    for tile in tiles_completed(old_size, old_size + len(leaves)):
        if tile.level:
            hashes = await _roots_below(connection, tile)
        else:
            hashes = await _leaves_of(connection, tile, old_size, leaves)
        if len(hashes) != TILE_WIDTH:
            raise LogCorrupt(f"{tile.path()} can't be made: hashes below it are missing")
        joined = b"".join(hashes)
        row = {"level": tile.level, "index": tile.index, "root": tile_root(joined), "hashes": joined}
        await connection.execute(insert(log_tiles), row)


async def _leaves_of(
    connection: AsyncConnection, tile: Tile, old_size: int, leaves: Sequence[bytes]
) -> list[bytes]:
    """Return the leaf hashes of a tile: those of older entries from their records, the rest as given."""
    older: list[bytes] = []
    if tile.start_index < old_size:
        index = log_entries.c.index
        query = (
            select(log_entries.c.record).where(index >= tile.start_index, index < old_size).order_by(index)
        )
        older = [leaf_hash(record) for record in (await connection.execute(query)).scalars()]
    first = max(tile.start_index, old_size)
    return [*older, *leaves[first - old_size : tile.end_index - old_size]]


async def _roots_below(connection: AsyncConnection, tile: Tile) -> list[bytes]:
    """Return the roots of the 256 tiles of which a higher tile is made."""
    first = tile.index * TILE_WIDTH
    index = log_tiles.c.index
    query = (
        select(log_tiles.c.root)
        .where(log_tiles.c.level == tile.level - 1, index >= first, index < first + TILE_WIDTH)
        .order_by(index)
    )
    return list((await connection.execute(query)).scalars())
