"""Reading the log: entries by index and by what they are about, and the tree's hashes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import ColumnElement, ScalarSelect, bindparam, select, union_all

from vault.audit.edge import SignedEdge
from vault.audit.tiles import Tile
from vault.audit.tree import Node
from vault.db.log_nodes import read_nodes, read_tiles
from vault.db.log_runs import read_runs
from vault.db.log_tables import edge_in, log_details, log_entries, log_head, log_tiles
from vault.db.statements import Answer, AnyRow, Query, Rows, Statements
from vault.errors import LogCorrupt
from vault.ports.log import EventFilter, StoredEntry, StoredRun

ENTRIES_PER_STEP = 1024
TILES_PER_STEP = 64  # 8 KiB each

_entry = log_entries.c
_ENTRIES = select(_entry.index, _entry.record, log_details.c.salt, log_details.c.detail).outerjoin(
    log_details, log_details.c.index == _entry.index
)
_ENTRY = _ENTRIES.where(_entry.index == bindparam("index"))
_SPAN = _entry.index >= bindparam("start"), _entry.index < bindparam("stop")
_SCAN = _ENTRIES.where(*_SPAN).order_by(_entry.index).limit(ENTRIES_PER_STEP)
_ORPHANED = (
    select(log_details.c.index)
    .outerjoin(log_entries, log_details.c.index == _entry.index)
    .where(_entry.index.is_(None))
    .order_by(log_details.c.index)
    .limit(bindparam("most"))
)
_STRAYS = union_all(
    select(_entry.index).where(_entry.index < 0),
    select(_entry.index).where(_entry.index >= bindparam("size")),
).limit(bindparam("most"))
_EDGE = select(log_head.c.size, log_head.c.frontier, log_head.c.note)
_TILES = select(log_tiles.c.level, log_tiles.c.index)


class SqlLogReader:
    """`LogReader` on a snapshot, or on a body's turn, where it sees the body's own entries too."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def size(self) -> int:
        """Return how many entries the log has."""
        return (await self.edge()).frontier.size

    async def edge(self) -> SignedEdge:
        """Return the right edge as it stands in the head row; raise `LogCorrupt` without one."""
        row = (await self._read(_EDGE)).one_or_none()
        if row is None:
            raise LogCorrupt("the right edge of the log is missing")
        return edge_in(row.size, row.frontier, row.note)

    async def entry(self, index: int) -> StoredEntry | None:
        """Return one entry, or None where there is none."""
        row = (await self._read(_ENTRY, {"index": index})).one_or_none()
        return None if row is None else _stored(row)

    async def list(
        self, which: EventFilter, *, before: int | None = None, limit: int = 100
    ) -> Sequence[StoredEntry]:
        """Return the newest first, those below `before`, `limit` at most."""
        query = _ENTRIES.where(*_conditions(which, before)).order_by(_entry.index.desc()).limit(limit)
        return [_stored(row) for row in await self._read(query)]

    async def scan(self, start: int, stop: int) -> AsyncIterator[StoredEntry]:
        """Yield entries in order; a missing one is left out."""
        while start < stop:
            rows = (await self._read(_SCAN, {"start": start, "stop": stop})).all()
            for row in rows:
                yield _stored(row)
            if len(rows) < ENTRIES_PER_STEP:
                return
            start = rows[-1][0] + 1

    async def runs(self, start: int, stop: int) -> AsyncIterator[StoredRun]:
        """Yield the same in runs; a run ends where an entry is missing."""
        await self._statements.store_entries()
        async for run in read_runs(self._statements, start, stop):
            yield run

    async def orphaned_details(self, limit: int) -> Sequence[int]:
        """Return the indexes of detail rows without an entry."""
        return (await self._read(_ORPHANED, {"most": limit})).scalars().all()

    async def strays(self, limit: int) -> Sequence[int]:
        """Return the indexes of entries outside the log."""
        size = await self.size()
        return (await self._statements.read(_STRAYS, {"size": size, "most": limit})).scalars().all()

    async def nodes(self, wanted: Iterable[Node], size: int) -> Mapping[Node, bytes]:
        """Return the hashes of complete subtrees; raise `LogCorrupt` when one can't be had."""
        await self._statements.store_entries()
        return await read_nodes(self._statements, wanted, size)

    async def tiles(self) -> AsyncIterator[tuple[int, int, bytes]]:
        """Yield every full tile kept, as a growing log fills them, with its 256 hashes."""
        kept = [Tile(level, index) for level, index in await self._read(_TILES)]
        kept.sort(key=lambda tile: (tile.end_index, tile.level))
        for start in range(0, len(kept), TILES_PER_STEP):
            some = kept[start : start + TILES_PER_STEP]
            found = await read_tiles(self._statements, some)
            for tile in some:
                yield tile.level, tile.index, found[tile]

    async def _read(self, query: Query, values: Rows | None = None) -> Answer:
        await self._statements.store_entries()
        return await self._statements.read(query, values)


def _conditions(which: EventFilter, before: int | None) -> list[ColumnElement[bool]]:
    same = {
        _entry.actor: which.actor,
        _entry.recording: which.recording,
        _entry.customer: which.customer,
        _entry.action: which.action and which.action.value,
        _entry.outcome: which.outcome and which.outcome.value,
    }
    found = [column == value for column, value in same.items() if value is not None]
    if before is not None:
        found.append(_entry.index < before)
    # Time never goes back, so a time is a place in the log, which the primary key finds.
    if which.since is not None:
        found.append(_entry.index >= _place(_entry.time >= which.since, newest=False))
    if which.until is not None:
        found.append(_entry.index <= _place(_entry.time < which.until, newest=True))
    return found


def _place(condition: ColumnElement[bool], *, newest: bool) -> ScalarSelect[int]:
    """Return the index of the newest or oldest entry of which the condition on time is true."""
    by_time = (_entry.time.desc(), _entry.index.desc()) if newest else (_entry.time, _entry.index)
    return select(_entry.index).where(condition).order_by(*by_time).limit(1).scalar_subquery()


def _stored(row: AnyRow) -> StoredEntry:
    index, record, salt, detail = row
    return StoredEntry(index, record, salt, None if detail is None else msgspec.json.decode(detail))
