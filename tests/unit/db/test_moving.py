"""A vault moves to another database whole, and its log goes on in one place only."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.contract.database.samples import (
    OPENED,
    add_parties,
    add_uploads,
    append,
    upload,
    verified_size,
)
from tests.fakes.clock import NOON, SettableClock
from tests.fakes.notary import FakeNotary
from vault.db import moving
from vault.db.database import SqlDatabase
from vault.db.moving import give_up_move, move_database
from vault.db.schema import upgrade
from vault.errors import Conflict, DatabaseMoved, LogUnavailable, NoVault
from vault.ports.repositories import Period, VaultRecord

RECORD = VaultRecord("vault", "callvault/vault", b"wrapped", NOON)


class CutOffError(Exception):
    """Stands for a power cut."""


def quiet(_table: str, _done: int, _in_all: int) -> None:
    """Hear of progress and say nothing."""


async def opened(url: str) -> SqlDatabase:
    """Open a database as the service would."""
    return await SqlDatabase.open(url, clock=SettableClock(), notary=FakeNotary())


@pytest.fixture
async def filled(url: str) -> str:
    """The URL of a database with something in most tables."""
    database = await opened(url)
    async with database.unit_of_work() as work:
        await work.vault.add(RECORD)
        await work.slots.claim("recording", NOON)
        await work.slots.mark_destroyed([0], NOON)
        await work.slots.add_period(Period.DAY_DETAILS, NOON.date(), 7)
        await work.commit()
    await add_parties(database)
    await add_uploads(database, *(upload(number, numbers=("token",)) for number in range(1, 8)))
    await append(database, 300)
    await database.close()
    return url


@pytest.fixture
def elsewhere(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> str:
    """The URL of a new database of the other kind."""
    if kind == "postgresql":
        return f"sqlite:///{tmp_path}/elsewhere.db"
    return str(request.getfixturevalue("postgresql_url"))


both_ways = pytest.mark.parametrize("kind", ["sqlite", "postgresql"], indirect=True)


async def everything(url: str) -> tuple[object, ...]:
    """Return what a database tells of its vault."""
    database = await opened(url)
    async with database.reading() as rows:
        told = (
            await rows.vault.get(),
            await rows.customers.all(),
            await rows.sources.all(),
            [recording async for recording in rows.recordings.scan()],
            await rows.recordings.details([upload(3).recording.id]),
            [entry async for entry in rows.events.scan(0, 1000)],
            [tile async for tile in rows.events.tiles()],
            await rows.events.edge(),
            [number async for batch in rows.slots.destroyed() for number in batch],
            await rows.slots.period(Period.DAY_DETAILS, NOON.date()),
        )
    await database.close()
    return told


@both_ways
async def test_everything_arrives(filled: str, elsewhere: str) -> None:
    """Every table, there and back: rows, log and next slot are what they were, and the log goes on."""
    before = await everything(filled)

    frontier = await move_database(filled, elsewhere, progress=quiet)

    assert await everything(elsewhere) == before
    database = await opened(elsewhere)
    await append(database)
    async with database.unit_of_work() as work:
        assert await work.slots.claim("recording", NOON) == 8  # above what the recordings have
    assert await verified_size(database) == frontier.size + 1
    await database.close()


@both_ways
async def test_the_old_database_takes_nothing_any_more(filled: str, elsewhere: str) -> None:
    """A process that had it open can't add to its log, a new one can't open it: there is one log."""
    running = await opened(filled)

    await move_database(filled, elsewhere, progress=quiet)

    with pytest.raises(LogUnavailable, match="moved"):
        await append(running)
    with pytest.raises(DatabaseMoved):
        await opened(filled)
    await running.close()


@both_ways
async def test_a_move_that_was_cut_off_goes_on(
    filled: str, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off after every step, neither database serves; run again, the move ends as if nothing had been."""
    before = await everything(filled)
    monkeypatch.setattr(moving, "ROWS_PER_STEP", 60)
    steps, again = 0, True
    while again:
        heard = 0

        def cut(_table: str, _done: int, _in_all: int) -> None:
            nonlocal heard
            heard += 1
            if heard == 3:
                raise CutOffError

        try:
            await move_database(filled, elsewhere, progress=cut)
            again = False
        except CutOffError:
            steps += 1
            for url in (filled, elsewhere):
                with pytest.raises(DatabaseMoved):
                    await opened(url)

    assert steps > 3
    assert await everything(elsewhere) == before


@both_ways
async def test_a_move_can_be_given_up(filled: str, elsewhere: str) -> None:
    """Before its end the old database takes the mark off and serves on; after it, nothing does."""

    def cut(_table: str, _done: int, _in_all: int) -> None:
        raise CutOffError

    before = await everything(filled)
    with pytest.raises(CutOffError):
        await move_database(filled, elsewhere, progress=cut)

    await give_up_move(filled, elsewhere)

    assert await everything(filled) == before
    with pytest.raises(Conflict):
        await give_up_move(filled, elsewhere)
    await move_database(filled, elsewhere, progress=quiet)
    with pytest.raises(Conflict):
        await give_up_move(filled, elsewhere)


async def test_a_database_in_use_is_not_written_over(filled: str, postgresql_url: str) -> None:
    """A target that holds another vault, or part of one, is left alone, and so is the source."""
    other = await opened(postgresql_url)
    async with other.unit_of_work() as work:
        await work.vault.add(VaultRecord("another", "log", b"", NOON))
        await work.log.append(OPENED)
        await work.commit()
    await other.close()

    for target in (postgresql_url, filled):
        with pytest.raises(Conflict):
            await move_database(filled, target, progress=quiet)

    database = await opened(filled)
    await append(database)
    await database.close()


@both_ways
async def test_one_database_by_two_names_is_never_marked(
    filled: str, kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Moved to where it is already, and cut off at any step, a vault serves on."""
    (tmp_path / "alias.db").symlink_to(filled.removeprefix("sqlite:///"))
    alias = f"sqlite:///{tmp_path}/alias.db" if kind == "sqlite" else f"{filled}&keepalives=1"

    async def cut(*_given: object) -> None:
        raise CutOffError

    monkeypatch.setattr(moving, "_mark", cut)
    with pytest.raises(Conflict, match="same database"):
        await move_database(filled, alias, progress=quiet)

    await (await opened(filled)).close()


async def test_another_vaults_older_database_is_left_as_it_is(filled: str, tmp_path: Path) -> None:
    """A wrong address brings nobody's database up to a schema that the program there does not know."""
    theirs = tmp_path / "theirs.sqlite"
    await upgrade(f"sqlite:///{theirs}")
    with closing(sqlite3.connect(theirs)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '0006'")
    before = theirs.read_bytes()

    with pytest.raises(Conflict, match="another version"):
        await move_database(filled, f"sqlite:///{theirs}", progress=quiet)

    assert theirs.read_bytes() == before
    await (await opened(filled)).close()


async def test_a_database_of_something_else_is_left_as_it_is(filled: str, tmp_path: Path) -> None:
    """The tables of a vault are not made beside another program's."""
    theirs = tmp_path / "invoices.sqlite"
    with closing(sqlite3.connect(theirs)) as database, database:
        database.execute("CREATE TABLE invoices (number TEXT)")

    with pytest.raises(Conflict, match="not empty"):
        await move_database(filled, f"sqlite:///{theirs}", progress=quiet)

    with closing(sqlite3.connect(theirs)) as database:
        assert database.execute("SELECT name FROM sqlite_master").fetchall() == [("invoices",)]


async def test_an_empty_database_is_not_moved(url: str, postgresql_url: str) -> None:
    """Without a vault there is nothing to move."""
    with pytest.raises(NoVault):
        await move_database(url, postgresql_url, progress=quiet)
