"""Hashes of complete subtrees, from full tiles and, at the right edge, from what lies after them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from sqlalchemy import and_, or_, select

from vault.audit.tiles import TILE_WIDTH, Place, Tile, place_of
from vault.audit.tree import Node, leaf_hash, perfect_root
from vault.db.log_tables import log_entries, log_tiles
from vault.db.statements import Statements
from vault.errors import LogCorrupt

_Wanted = Mapping[Node, Place]


async def read_nodes(statements: Statements, wanted: Iterable[Node], size: int) -> Mapping[Node, bytes]:
    """Return the nodes' hashes in a log of `size` or more entries; raise `LogCorrupt`.

    Each tile costs one row if it is full, and at most 256 small ones if it is the last of its level.
    """
    by_tile: defaultdict[Tile, dict[Node, Place]] = defaultdict(dict)
    for node in wanted:
        if (node.index + 1) << node.level > size:
            raise LogCorrupt(f"a log of {size} entries has no node {node.level}/{node.index}")
        place = place_of(node)
        by_tile[place.tile][node] = place
    full = {tile: places for tile, places in by_tile.items() if tile.end_index <= size}
    found = await _from_full_tiles(statements, full)
    for tile in by_tile.keys() - full.keys():
        found.update(await _from_right_edge(statements, tile, by_tile[tile]))
    return found


async def _from_full_tiles(statements: Statements, by_tile: Mapping[Tile, _Wanted]) -> dict[Node, bytes]:
    column = log_tiles.c
    if not by_tile:
        return {}
    keys = [and_(column.level == tile.level, column.index == tile.index) for tile in by_tile]
    rows = await statements.read(select(column.level, column.index, column.hashes).where(or_(*keys)))
    kept = {Tile(row[0], row[1]): row[2] for row in rows}
    if missing := by_tile.keys() - kept.keys():
        raise LogCorrupt(f"{min(missing).path()} is missing")
    return {
        node: place.root(kept[tile]) for tile, places in by_tile.items() for node, place in places.items()
    }


async def _from_right_edge(statements: Statements, tile: Tile, places: _Wanted) -> dict[Node, bytes]:
    """Compute nodes of a tile that isn't full from the tiles, or the entries, one level below."""
    first = min(place.start for place in places.values())
    last = max(place.start + place.width for place in places.values())
    hashes = await _hashes_below(statements, tile, first, last)
    try:
        return {
            node: perfect_root([hashes[at] for at in range(place.start, place.start + place.width)])
            for node, place in places.items()
        }
    except KeyError as error:
        raise LogCorrupt(f"what {tile.path()} is made of is missing") from error


async def _hashes_below(statements: Statements, tile: Tile, first: int, last: int) -> dict[int, bytes]:
    """Return the tile's hashes from position `first` to `last` (excluded), by position."""
    start = tile.index * TILE_WIDTH
    if tile.level:
        index = log_tiles.c.index
        query = select(index, log_tiles.c.root).where(log_tiles.c.level == tile.level - 1)
    else:
        index = log_entries.c.index
        query = select(index, log_entries.c.record)
    rows = (await statements.read(query.where(index >= start + first, index < start + last))).all()
    return {row[0] - start: row[1] if tile.level else leaf_hash(row[1]) for row in rows}
