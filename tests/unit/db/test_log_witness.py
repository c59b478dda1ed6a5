"""A log that was changed under a running process is not continued, and so never signed."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest

from keys.service import ServiceKeys
from tests.contract.database.samples import append, verified_size
from tests.fakes.clock import SettableClock
from tests.fakes.notary import FakeNotary
from tests.fakes.slots import MemorySlots
from vault.app.notary import LogNotary
from vault.audit.checkpoint import Checkpoint
from vault.audit.entry import Entry
from vault.audit.tree import Frontier, leaf_hash
from vault.db.database import SqlDatabase
from vault.errors import LogCorrupt, LogUnavailable


@pytest.fixture
async def another(url: str) -> AsyncIterator[SqlDatabase]:
    """The same database, open in another process."""
    opened = await SqlDatabase.open(url, clock=SettableClock(), notary=FakeNotary())
    yield opened
    await opened.close()


@pytest.fixture
async def signed(path: Path, url: str) -> AsyncIterator[SqlDatabase]:
    """A database whose log is signed by a vault's own key; 3 entries are in it."""
    keys = ServiceKeys(ServiceKeys.new_secret(), "callvault/test")
    opened = await SqlDatabase.open(url, clock=SettableClock(), notary=LogNotary(keys, MemorySlots()))
    await append(opened, 3)
    yield opened
    await opened.close()


def rewrite(path: Path, change: Callable[[sqlite3.Connection], object]) -> None:
    """Change the log as a writer to the database can, the right edge recomputed to fit."""
    with closing(sqlite3.connect(path)) as connection, connection:
        change(connection)
        rows = connection.execute('SELECT record FROM log_entries ORDER BY "index"')
        grown = Frontier().extend(leaf_hash(record) for (record,) in rows)
        connection.execute("UPDATE log_head SET size = ?, frontier = ?", (grown.size, grown.encode()))


def edit(connection: sqlite3.Connection) -> None:
    """Let an entry in the middle say something else."""
    connection.execute("UPDATE log_entries SET record = CAST(record || ' ' AS BLOB) WHERE \"index\" = 1")


def cut(connection: sqlite3.Connection) -> None:
    """Take the last entry away."""
    connection.execute('DELETE FROM log_entries WHERE "index" = 2')
    connection.execute('DELETE FROM log_details WHERE "index" = 2')


def edit_and_add(connection: sqlite3.Connection) -> None:
    """Hide an edit behind an entry that another process might have written."""
    edit(connection)
    add(connection)


def add(connection: sqlite3.Connection) -> None:
    """Append an entry after the last one."""
    columns = "time, actor, action, outcome, channel, recording, customer, record"
    connection.execute(
        f'INSERT INTO log_entries ("index", {columns}) SELECT 3, {columns} FROM log_entries WHERE "index" = 2'  # noqa: S608 - names of our own
    )


@pytest.mark.parametrize("change", [edit, cut, edit_and_add])
async def test_a_rewritten_log_is_not_continued(
    database: SqlDatabase, path: Path, change: Callable[[sqlite3.Connection], None]
) -> None:
    """Rewritten so that it fits in itself, the log is refused by whoever saw it before, again and again."""
    await append(database, 3)
    rewrite(path, change)

    for _ in range(2):
        with pytest.raises(LogUnavailable):
            await append(database)


async def test_a_process_that_only_read_is_a_witness_too(database: SqlDatabase, url: str, path: Path) -> None:
    """What a process saw when it opened the database counts, before it has written anything."""
    await append(database, 3)
    late = await SqlDatabase.open(url, clock=SettableClock(), notary=FakeNotary())
    try:
        rewrite(path, edit)
        with pytest.raises(LogUnavailable):
            await append(late)
    finally:
        await late.close()


async def test_an_older_copy_under_a_running_process(database: SqlDatabase, path: Path) -> None:
    """A database whose content is taken back to an earlier moment is not continued."""
    await append(database, 2)
    await database.tidy()
    yesterday = Path(shutil.copy(path, path.with_name("yesterday.db")))
    await append(database, 2)

    with closing(sqlite3.connect(yesterday)) as copy, closing(sqlite3.connect(path)) as now:
        copy.backup(now)

    with pytest.raises(LogUnavailable):
        await append(database)


async def test_other_processes_may_go_on(database: SqlDatabase, another: SqlDatabase) -> None:
    """Processes that take turns all see one log, however many entries came from elsewhere."""
    for count in (1, 300, 2):
        await append(database, count)
        await append(another, count)

    assert await verified_size(database) == 606


async def test_what_others_signed_counts(path: Path, url: str) -> None:
    """An entry newer than what a process has seen is held against the head that another process signed."""
    notary = FakeNotary()
    opened = [await SqlDatabase.open(url, clock=SettableClock(), notary=notary) for _ in range(2)]
    try:
        writer, late = opened
        await append(writer, 3)
        await append(late)
        await append(writer, 3)
        rewrite(
            path, lambda rows: rows.execute("UPDATE log_entries SET record = x'7b7d' WHERE \"index\" = 5")
        )

        for each in opened:
            with pytest.raises(LogUnavailable):
                await append(each)
    finally:
        for each in opened:
            await each.close()


def unsign(connection: sqlite3.Connection) -> None:
    """Append an entry, and let the right edge be as in a database from before it was signed."""
    add(connection)
    connection.execute("UPDATE log_head SET note = NULL")


def sign_by_another(connection: sqlite3.Connection) -> None:
    """Append an entry under a signature that somebody else's key makes."""
    add(connection)
    rows = connection.execute('SELECT record FROM log_entries ORDER BY "index"')
    grown = Frontier().extend(leaf_hash(record) for (record,) in rows)
    stranger = ServiceKeys(ServiceKeys.new_secret(), "callvault/test")
    connection.execute(
        "UPDATE log_head SET note = ?", (Checkpoint.of(stranger.log_name, grown).sign(stranger.signer),)
    )


@pytest.mark.parametrize("change", [add, unsign, sign_by_another])
@pytest.mark.parametrize("opened", ["before", "after"])
async def test_nobody_else_adds_to_the_log(
    signed: SqlDatabase, path: Path, url: str, change: Callable[[sqlite3.Connection], None], opened: str
) -> None:
    """An entry in the log's own form, with its right edge, is neither continued nor signed by any process."""
    notary = signed._witness._notary
    kept = await notary.kept()
    if opened == "before":
        rewrite(path, change)
    late = await SqlDatabase.open(url, clock=SettableClock(), notary=notary)
    if opened == "after":
        rewrite(path, change)

    for each in (signed, late):
        with pytest.raises(LogUnavailable):
            await append(each)
    await late.close()
    assert await notary.kept() == kept


async def test_a_log_from_before_it_was_signed_goes_on(signed: SqlDatabase, path: Path, url: str) -> None:
    """What was kept beside the slots stands in for the signature, until the next commit."""
    rewrite(path, lambda rows: rows.execute("UPDATE log_head SET note = NULL"))
    late = await SqlDatabase.open(url, clock=SettableClock(), notary=signed._witness._notary)

    await append(late)
    await append(signed)
    await late.close()

    assert await verified_size(signed) == 5


async def test_a_former_program_may_have_gone_on(signed: SqlDatabase, path: Path, url: str) -> None:
    """It signs beside the slots alone, and leaves the signature of an earlier edge where it found it."""
    async with signed.reading() as rows:
        earlier = await rows.events.edge()
    await append(signed)
    rewrite(path, lambda rows: rows.execute("UPDATE log_head SET note = ?", (earlier.note,)))
    late = await SqlDatabase.open(url, clock=SettableClock(), notary=signed._witness._notary)

    await append(late)
    await append(signed)
    await late.close()

    assert await verified_size(signed) == 6


@pytest.mark.parametrize("opened", ["before", "after"])
async def test_nobody_moves_the_logs_time_ahead(
    signed: SqlDatabase, path: Path, url: str, opened: str
) -> None:
    """A time in the head row is in no entry, and so gives none: under a signature it would stay for good."""
    late = [await SqlDatabase.open(url, clock=SettableClock(), notary=signed._witness._notary)]
    if opened == "before":
        await append(late[0])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE log_head SET last_time = 32472144000000000")
    late.append(await SqlDatabase.open(url, clock=SettableClock(), notary=signed._witness._notary))

    for each in (signed, *late):
        await append(each)
        async with each.reading() as rows:
            newest = await rows.events.entry(await rows.events.size() - 1)
        assert newest is not None
        assert Entry.decode(newest.record).time.year < 2999
    for each in late:
        await each.close()


async def test_a_newest_entry_that_was_changed_is_told(signed: SqlDatabase, path: Path, url: str) -> None:
    """A process that has just begun takes no time from an entry of which the tree was not grown."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE log_entries SET record = CAST(record || ' ' AS BLOB) WHERE \"index\" = 2")
    late = await SqlDatabase.open(url, clock=SettableClock(), notary=signed._witness._notary)

    with pytest.raises(LogUnavailable, match="entry 2 is not the one"):
        await append(late)
    await late.close()


async def test_a_size_of_another_edge_is_told(signed: SqlDatabase, path: Path) -> None:
    """A head row whose size is not that of its hashes is neither read nor continued."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE log_head SET size = 4611686018427387904")

    async with signed.reading() as rows:
        with pytest.raises(LogCorrupt, match="another size"):
            await rows.events.edge()
    with pytest.raises(LogUnavailable, match="another size"):
        await append(signed)
