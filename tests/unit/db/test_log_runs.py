"""The log read in runs: every entry once; what somebody else put into a row is seen, of whatever type."""

from __future__ import annotations

import pytest
from sqlalchemy import delete

from tests.contract.database.samples import OPENED, append
from tests.unit.db.troubles import on_both
from vault.audit.canonical import CanonicalEntry, read_canonical
from vault.audit.verify import FindingKind, LogVerifier
from vault.comparing.columns import ColumnComparison
from vault.comparing.details import DetailComparison
from vault.db import log_runs
from vault.db.database import SqlDatabase
from vault.db.log_tables import log_entries
from vault.errors import LogCorrupt
from vault.ports.log import StoredRun

SIZE = 40


async def runs(database: SqlDatabase, start: int = 0, stop: int = SIZE) -> list[StoredRun]:
    """Return the runs of that span."""
    async with database.reading() as rows:
        return [run async for run in rows.events.runs(start, stop)]


async def change(database: SqlDatabase, sql: str) -> None:
    """Do something to the tables that no code of ours does."""
    async with database._writer.begin() as connection:
        await connection.exec_driver_sql(sql)


def spans(found: list[StoredRun]) -> list[tuple[int, int]]:
    """Return where runs begin, and how long they are."""
    return [(run.first_index, len(run.records)) for run in found]


@on_both
async def test_runs_are_the_scan(database: SqlDatabase) -> None:
    """They hold what a scan yields, with what each is found by, and end where an entry is missing."""
    await append(database, SIZE)
    async with database._writer.begin() as connection:
        await connection.execute(delete(log_entries).where(log_entries.c.index.in_((7, 8, 20))))

    found = await runs(database, 2, SIZE + 5)

    assert spans(found) == [(2, 5), (9, 11), (21, SIZE - 21)]
    async with database.reading() as rows:
        scanned = [stored async for stored in rows.events.scan(2, SIZE)]
    assert [record for run in found for record in run.records] == [stored.record for stored in scanned]
    assert [salt for run in found for salt in run.salts] == [stored.salt for stored in scanned]
    assert all(honest(run) for run in found)


@pytest.mark.parametrize("step", [1, 3, SIZE - 1, SIZE])
async def test_however_many_are_read_at_once(
    database: SqlDatabase, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """A step's end is no entry's."""
    monkeypatch.setattr(log_runs, "ENTRIES_PER_STEP", step)
    monkeypatch.setattr(log_runs, "_RUN", log_runs._RUN.limit(step))
    await append(database, SIZE)

    found = await runs(database)

    assert sum(len(run.records) for run in found) == SIZE
    assert [run.first_index for run in found] == list(range(0, SIZE, step))


def honest(run: StoredRun) -> bool:
    """Say whether columns and details of a run are those of its entries."""
    columns, details = ColumnComparison(), DetailComparison()
    entries = [_read(record) for record in run.records]
    columns.compare(entries, run)
    details.compare(entries, run)
    return not (columns.finish() or details.findings or details._gone or None in entries)


def _read(record: bytes) -> CanonicalEntry | None:
    try:
        return read_canonical(record)
    except LogCorrupt:
        return None


CHANGES = {
    "record as text": "UPDATE log_entries SET record = CAST(record AS TEXT)",
    "record as number": "UPDATE log_entries SET record = 7",
    "time as text": "UPDATE log_entries SET time = 'noon'",
    "time as bytes": "UPDATE log_entries SET time = x'00'",
    "time beyond all": "UPDATE log_entries SET time = 9223372036854775807",
    "a microsecond": "UPDATE log_entries SET time = time + 1",
    "actor as bytes": "UPDATE log_entries SET actor = CAST(actor AS BLOB)",
    "actor": "UPDATE log_entries SET actor = 'another'",
    "action": "UPDATE log_entries SET action = 'recording.sealed'",
    "outcome": "UPDATE log_entries SET outcome = 'refused'",
    "channel": "UPDATE log_entries SET channel = ''",
    "recording": "UPDATE log_entries SET recording = 'another'",
    "customer": "UPDATE log_entries SET customer = 'another'",
    "salt as text": "UPDATE log_details SET salt = 'abcdefghijklmnop'",
    "no salt": "UPDATE log_details SET salt = x''",
    "detail as bytes": "UPDATE log_details SET detail = x'ff'",
    "no JSON": "UPDATE log_details SET detail = substr(detail, 2)",
    "another": "UPDATE log_details SET detail = replace(detail, 'a', 'b')",
    "border": "UPDATE log_details SET salt = CAST(salt || '{' AS BLOB), detail = substr(detail, 2)",
    "gone": "DELETE FROM log_details",
}


@pytest.mark.parametrize("name", CHANGES)
async def test_any_change_of_a_row_is_seen(database: SqlDatabase, name: str) -> None:
    """Of whatever type: what a column or a detail row was changed to is found, and ends no reading."""
    await append(database, SIZE, OPENED)
    await change(database, f'{CHANGES[name]} WHERE "index" = 17')

    (run,) = await runs(database)

    assert not honest(run)


async def test_an_honest_run(database: SqlDatabase) -> None:
    """Where nothing was changed, nothing is found."""
    await append(database, SIZE, OPENED)

    assert all(honest(run) for run in await runs(database))


@pytest.mark.parametrize("name", ["record as text", "record as number"])
async def test_what_is_no_bytes_is_a_finding(database: SqlDatabase, name: str) -> None:
    """A record of another type ends no verification: it is malformed, and what is above it differs."""
    await append(database, SIZE, OPENED)
    await change(database, f'{CHANGES[name]} WHERE "index" = 17')

    (run,) = await runs(database)
    log = LogVerifier()
    log.feed_run(run.first_index, run.records)
    async with database.reading() as rows:
        found = log.finish((await rows.events.edge()).frontier)

    assert [(each.kind, each.index) for each in found] == [
        (FindingKind.MALFORMED, 17),
        (FindingKind.FRONTIER, SIZE),
    ]
