"""What is PostgreSQL's own: the same tables, safe sessions, turns begun again, URLs that stay secret."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator
from dataclasses import replace

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from tests.contract.database.samples import ACME, append, verified_size
from tests.fakes.clock import SettableClock
from tests.fakes.notary import FakeNotary
from tests.harness.postgres import Server
from vault.db import group, tables
from vault.db import log_tables as _log_tables  # noqa: F401 - joins its tables to `metadata`
from vault.db.connection import AsyncConnection
from vault.db.database import SqlDatabase
from vault.db.engine import reading_engine, writing_engine
from vault.db.log_tail import LogTail
from vault.db.schema import upgrade
from vault.errors import ConfigInvalid, DatabaseUnavailable, Invalid, NoVault
from vault.ports.notary import Notary


@pytest.fixture
async def database(postgresql_url: str) -> AsyncIterator[SqlDatabase]:
    """The database, open."""
    opened = await SqlDatabase.open(postgresql_url, clock=SettableClock(), notary=FakeNotary())
    yield opened
    await opened.close()


def test_the_revisions_make_the_tables_that_are_used(postgresql_url: str) -> None:
    """What the revisions made is what the statements are built from."""
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(postgresql_url))
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), tables.metadata)
        partial = {
            row.indexname
            for row in connection.execute(text("SELECT * FROM pg_indexes"))
            if " WHERE " in row.indexdef
        }
    engine.dispose()

    assert differences == []
    expected = {"ix_slots_destroyed", "ix_log_entries_customer_index", "ix_log_entries_recording_index"}
    assert expected <= partial


async def test_two_upgrades_at_once_make_one_database(postgres: Server) -> None:
    """Two nodes that start together: one makes the tables, the other waits and finds them."""
    url = postgres.url(postgres.create())

    await asyncio.gather(upgrade(url), upgrade(url))

    opened = await SqlDatabase.open(url, clock=SettableClock(), notary=FakeNotary())
    await opened.close()


async def test_an_upgrade_that_fails_leaves_nothing(postgres: Server) -> None:
    """An upgrade is one transaction, and an empty database holds no vault."""
    name = postgres.create()
    postgres.run("CREATE TABLE log_head (odd int)", database=name)

    with pytest.raises(DatabaseUnavailable):
        await upgrade(postgres.url(name))

    query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    assert postgres.run(query, database=name) == [("log_head",)]
    with pytest.raises(NoVault):
        await SqlDatabase.open(postgres.url(name), clock=SettableClock(), notary=FakeNotary())


async def test_a_database_in_the_order_of_a_language_is_refused(postgres: Server) -> None:
    """Ids are found by the order of their bytes, so no other order is accepted."""
    name = "in_icu_order"
    postgres.run(
        f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en-GB'"
    )
    try:
        with pytest.raises(DatabaseUnavailable, match="--locale=C"):
            await upgrade(postgres.url(name))
    finally:
        postgres.drop(name)


@pytest.mark.parametrize("engine_of", [writing_engine, reading_engine])
async def test_every_session_is_a_safe_one(postgres: Server, postgresql_url: str, engine_of: object) -> None:
    """Whatever the server's defaults are, a commit is synced, and nothing waits or idles for ever."""
    postgres.run("ALTER ROLE postgres SET synchronous_commit = off")
    try:
        engine = engine_of(postgresql_url)  # type: ignore[operator]  # one of two functions
        names = ("synchronous_commit", "statement_timeout", "idle_in_transaction_session_timeout")
        async with engine.connect() as connection:
            told = {name: await connection.scalar(text(f"SHOW {name}")) for name in names}
            isolation = await connection.scalar(text("SHOW transaction_isolation"))
            reads_only = await connection.scalar(text("SHOW transaction_read_only"))
        await engine.dispose()
    finally:
        postgres.run("ALTER ROLE postgres RESET synchronous_commit")

    assert told["synchronous_commit"] == "on"
    assert "0" not in {told["statement_timeout"], told["idle_in_transaction_session_timeout"]}
    writes = engine_of is writing_engine
    assert (isolation, reads_only) == (("read committed", "off") if writes else ("repeatable read", "on"))


async def test_a_deadlock_with_somebody_outside_is_begun_again(
    database: SqlDatabase, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before its first body has run a group that lost a deadlock begins anew; nobody hears of it."""
    monkeypatch.setattr(group, "FIRST_PAUSE_SECONDS", 0.0)
    raised = 0
    load = LogTail.load

    async def unlucky(connection: AsyncConnection, notary: Notary) -> LogTail:
        nonlocal raised
        if raised < 2:
            raised += 1
            await connection.execute(text("DO $$ BEGIN RAISE 'no luck' USING ERRCODE = '40P01'; END $$"))
        return await load(connection, notary)

    monkeypatch.setattr(LogTail, "load", unlucky)

    await append(database)

    assert raised == 2
    assert await verified_size(database) == 1


async def test_who_holds_the_log_too_long_is_not_waited_for(postgres: Server, postgresql_url: str) -> None:
    """Somebody's lock on the head ends in `DatabaseUnavailable`, and once it is gone all goes on."""
    impatient = f"{postgresql_url}&options=-c%20lock_timeout%3D100ms"
    database = await SqlDatabase.open(impatient, clock=SettableClock(), notary=FakeNotary())
    with psycopg.connect(postgresql_url) as somebody:
        somebody.execute("SELECT * FROM log_head FOR UPDATE")
        with pytest.raises(DatabaseUnavailable, match="too long"):
            await append(database)

    await append(database)

    await database.close()


async def test_what_postgresql_cannot_keep_is_refused(database: SqlDatabase) -> None:
    """A NUL in a text is the sender's mistake, not the database's failure; the body may go on."""
    async with database.unit_of_work() as work:
        with pytest.raises(Invalid):
            await work.customers.add(replace(ACME, title="a\0b"))
        await work.customers.add(ACME)
        await work.commit()

    async with database.reading() as rows:
        assert await rows.customers.get(ACME.name) == ACME


@pytest.mark.parametrize(
    "url", ["postgresql://me:hunter2@[x/db", "postgresql://me:hunter2@127.0.0.1:port/db", "postgres:hunter2"]
)
async def test_what_is_no_url_is_told_without_quoting_it(url: str) -> None:
    """The error names the setting; the password is in none of its words, causes included."""
    with pytest.raises((ConfigInvalid, DatabaseUnavailable)) as raised:
        await SqlDatabase.open(url, clock=SettableClock(), notary=FakeNotary())

    assert "hunter2" not in "".join(traceback.format_exception(raised.value))


async def test_a_wrong_password_is_told_to_nobody(postgres: Server) -> None:
    """Neither the error nor its causes tell the password that was tried."""
    url = f"postgresql://postgres:hunter2@127.0.0.1:{postgres.port}/postgres"

    with pytest.raises(DatabaseUnavailable) as raised:
        await SqlDatabase.open(url, clock=SettableClock(), notary=FakeNotary())

    assert "hunter2" not in "".join(traceback.format_exception(raised.value))


async def test_the_password_may_come_from_elsewhere(
    postgres: Server, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`PGPASSWORD` works as everywhere, so that no setting needs to hold it."""
    monkeypatch.setenv("PGPASSWORD", postgres.password)
    name = postgresql_url.rpartition("@/")[2].partition("?")[0]
    url = f"postgresql://postgres@127.0.0.1:{postgres.port}/{name}"

    database = await SqlDatabase.open(url, clock=SettableClock(), notary=FakeNotary())

    await append(database)
    await database.close()


async def test_rows_are_whole_before_they_are_looked_at(database: SqlDatabase) -> None:
    """Results outlive what follows on their connection: nothing is fetched on the loop."""
    async with database._readers.connect() as connection:
        rows = await connection.execute(text("SELECT generate_series(1, 3)"))
        await connection.execute(text("SELECT 1"))
    assert rows.scalars().all() == [1, 2, 3]
