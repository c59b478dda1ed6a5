"""Hashes of complete subtrees, from full tiles and, at the right edge, from what lies after them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from sqlalchemy import BindParameter, and_, bindparam, or_, select

from vault.audit.proof import root_nodes
from vault.audit.tiles import TILE_WIDTH, Place, Tile, place_of
from vault.audit.tree import Frontier, Node, leaf_hash, perfect_root
from vault.db.log_tables import log_entries, log_head, log_tiles
from vault.db.statements import Query, Statements
from vault.errors import LogCorrupt

_Wanted = Mapping[Node, Place]

_TILES_PER_STEP = 64
"""SQLite takes a thousand conditions at most. A proof needs few tiles; of many entries, many."""

_tile, _entry = log_tiles.c, log_entries.c
_FRONTIER = select(log_head.c.frontier)
_first: BindParameter[int] = bindparam("first")
_stop: BindParameter[int] = bindparam("stop")
_ROOTS: Query = select(_tile.index, _tile.root).where(
    _tile.level == bindparam("level"), _tile.index >= _first, _tile.index < _stop
)
_RECORDS: Query = select(_entry.index, _entry.record).where(_entry.index >= _first, _entry.index < _stop)


async def read_nodes(statements: Statements, wanted: Iterable[Node], size: int) -> Mapping[Node, bytes]:
    """Return the nodes' hashes in a log of `size` or more entries; raise `LogCorrupt`.

    Full tiles are read together. Of tiles that aren't full, the log's right edge has most nodes; the rest
    are computed from at most 256 small rows for each level.
    """
    by_tile: defaultdict[Tile, dict[Node, Place]] = defaultdict(dict)
    for node in wanted:
        if (node.index + 1) << node.level > size:
            raise LogCorrupt(f"a log of {size} entries has no node {node.level}/{node.index}")
        place = place_of(node)
        by_tile[place.tile][node] = place
    full = {tile: places for tile, places in by_tile.items() if tile.end_index <= size}
    found = await _from_full_tiles(statements, full)
    if len(full) < len(by_tile):
        at_edge = await _right_edge(statements)
        for tile in by_tile.keys() - full.keys():
            found |= {node: at_edge[node] for node in by_tile[tile] if node in at_edge}
            rest = {node: place for node, place in by_tile[tile].items() if node not in at_edge}
            found |= await _from_below(statements, tile, rest)
    return found


async def _from_full_tiles(statements: Statements, by_tile: Mapping[Tile, _Wanted]) -> dict[Node, bytes]:
    kept = await read_tiles(statements, list(by_tile))
    if missing := by_tile.keys() - kept.keys():
        raise LogCorrupt(f"{min(missing).path()} is missing")
    return {
        node: place.root(kept[tile]) for tile, places in by_tile.items() for node, place in places.items()
    }


async def read_tiles(statements: Statements, wanted: Sequence[Tile]) -> dict[Tile, bytes]:
    """Return the hashes of those tiles that are kept."""
    kept = {}
    for start in range(0, len(wanted), _TILES_PER_STEP):
        some = wanted[start : start + _TILES_PER_STEP]
        keys = {f"level{at}": tile.level for at, tile in enumerate(some)}
        keys |= {f"index{at}": tile.index for at, tile in enumerate(some)}
        for level, index, hashes in await statements.read(_these_tiles(len(some)), keys):
            kept[Tile(level, index)] = hashes
    return kept


@cache
def _these_tiles(count: int) -> Query:
    """Select so many tiles. For `(level, index) IN (…)`, which is shorter, SQLite reads the whole table."""
    these = (
        and_(_tile.level == bindparam(f"level{at}"), _tile.index == bindparam(f"index{at}"))
        for at in range(count)
    )
    return select(_tile.level, _tile.index, _tile.hashes).where(or_(*these))


async def _right_edge(statements: Statements) -> Mapping[Node, bytes]:
    """Return the nodes that the head row has: the largest complete subtrees of the log as it is now."""
    kept = (await statements.read(_FRONTIER)).scalar_one_or_none()
    if kept is None:
        raise LogCorrupt("the right edge of the log is missing")
    frontier = Frontier.decode(kept)
    return dict(zip(root_nodes(frontier.size), frontier.hashes, strict=True))


async def _from_below(statements: Statements, tile: Tile, places: _Wanted) -> dict[Node, bytes]:
    """Compute nodes of a tile that isn't full from the tiles, or the entries, one level below."""
    if not places:
        return {}
    first = min(place.start for place in places.values())
    stop = max(place.start + place.width for place in places.values())
    hashes = await _hashes_below(statements, tile, first, stop)
    try:
        return {
            node: perfect_root([hashes[at] for at in range(place.start, place.start + place.width)])
            for node, place in places.items()
        }
    except KeyError as error:
        raise LogCorrupt(f"what {tile.path()} is made of is missing") from error


async def _hashes_below(statements: Statements, tile: Tile, first: int, stop: int) -> dict[int, bytes]:
    """Return the tile's hashes from position `first` to `stop` (excluded), by position."""
    start = tile.index * TILE_WIDTH
    where = {"first": start + first, "stop": start + stop}
    if tile.level:
        rows = await statements.read(_ROOTS, {"level": tile.level - 1, **where})
        return {row[0] - start: row[1] for row in rows}
    rows = await statements.read(_RECORDS, where)
    return {row[0] - start: leaf_hash(row[1]) for row in rows}
