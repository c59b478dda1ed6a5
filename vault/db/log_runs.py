"""Entries by the thousand, for whoever recomputes the log: columns as the driver has them, one list each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import closing
from typing import Any

from sqlalchemy import bindparam, select, type_coerce
from sqlalchemy.types import NullType

from vault.db.log_tables import log_details, log_entries
from vault.db.statements import Answer, Query, Statements
from vault.db.types import moments
from vault.errors import LogCorrupt
from vault.ports.log import StoredRun

Rows = Sequence[tuple[Any, ...]]

ENTRIES_PER_STEP = 512
"""Two tiles of 256, by which the tree grows fastest; what was read is still in the processor's cache then."""

_entry, _detail = log_entries.c, log_details.c
_COLUMNS = (
    _entry.index,
    _entry.record,
    _detail.salt,
    _detail.detail,
    _entry.time,
    _entry.actor,
    _entry.action,
    _entry.outcome,
    _entry.channel,
    _entry.recording,
    _entry.customer,
)
# Without a type a value is handed on as it is: to convert a million of them one by one costs seconds.
_RUN: Query = (
    select(*(type_coerce(column, NullType()) for column in _COLUMNS))
    .select_from(log_entries.outerjoin(log_details, _detail.index == _entry.index))
    .where(_entry.index >= bindparam("start"), _entry.index < bindparam("stop"))
    .order_by(_entry.index)
    .limit(ENTRIES_PER_STEP)
)


async def read_runs(statements: Statements, start: int, stop: int) -> AsyncIterator[StoredRun]:
    """Yield the entries of [start, stop) in runs of consecutive indexes."""
    while start < stop:
        rows = _as_fetched(await statements.read(_RUN, {"start": start, "stop": stop}))
        for run in _consecutive(rows):
            yield _columns(run)
        if len(rows) < ENTRIES_PER_STEP:
            return
        start = rows[-1][0] + 1


def _as_fetched(answer: Answer) -> Rows:
    """Return the driver's rows: SQLAlchemy would make an object of each, at half the price of fetching it."""
    if answer.cursor is None:
        raise LogCorrupt("the log answers with no rows")
    with closing(answer):
        return answer.cursor.fetchall()


def _consecutive(rows: Rows) -> Iterator[Rows]:
    """Cut rows where an index is missing."""
    while rows:
        first = rows[0][0]
        length = len(rows)
        if rows[-1][0] != first + length - 1:
            length = next(at for at, row in enumerate(rows) if row[0] != first + at)
        yield rows[:length]
        rows = rows[length:]


def _columns(rows: Rows) -> StoredRun:
    indexes, records, salts, details, times, *words = zip(*rows, strict=True)
    return StoredRun(indexes[0], _bytes(records), salts, details, (moments(times), *words))


def _bytes(records: Sequence[object]) -> Sequence[bytes]:
    """Return records; what is no bytes, as only another's hand put it there, is no record."""
    if set(map(type, records)) == {bytes}:
        return records  # type: ignore[return-value]  # as was just seen
    return [record if isinstance(record, bytes) else b"" for record in records]
