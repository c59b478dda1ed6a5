"""The manual's SQL, word for word: the service's role adds to the log and can't rewrite it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest

from tests.contract.database.samples import ACME, OPENED, add_parties, add_uploads, upload, verified_size
from tests.fakes.clock import NOON, SettableClock
from tests.fakes.notary import FakeNotary
from tests.harness.postgres import Server
from vault.db.database import SqlDatabase
from vault.db.schema import upgrade
from vault.db.server import look_at_server
from vault.errors import DatabaseForbids

MANUAL = Path(__file__).parents[3] / "docs" / "howto" / "postgresql.md"


def blocks() -> list[str]:
    """Return the SQL of the manual: for the administrator, for the owner, for the owner after `migrate`."""
    return re.findall(r"```sql\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)


def run_all(server: Server, words: str, *, user: str, database: str) -> None:
    """Run statements one by one, as psql does."""
    with psycopg.connect(server.url(database, user=user), autocommit=True) as connection:
        for statement in filter(str.strip, words.split(";")):
            connection.execute(statement.encode())


@pytest.fixture
async def separated(postgres: Server) -> AsyncIterator[Server]:
    """A server on which somebody did what the manual says."""
    administrator, owner, afterwards = blocks()
    run_all(postgres, administrator, user="postgres", database="postgres")
    run_all(postgres, owner, user="callvault_owner", database="callvault")
    await upgrade(postgres.url("callvault", user="callvault_owner"))
    run_all(postgres, afterwards, user="callvault_owner", database="callvault")
    yield postgres
    postgres.drop("callvault")
    for role in ("callvault_service", "callvault_owner"):
        postgres.run(f"DROP ROLE {role}")


async def test_the_services_role_serves_and_cannot_rewrite_the_log(separated: Server) -> None:
    """All that the service does works; changing, removing or emptying the log is refused by the server."""
    url = separated.url("callvault", user="callvault_service")
    await upgrade(url)  # as `init` does: the owner's `migrate` has done it
    database = await SqlDatabase.open(url, clock=SettableClock(), notary=FakeNotary())
    await add_parties(database)
    await add_uploads(database, upload(1, numbers=("token",)))
    async with database.unit_of_work() as work:
        await work.log.append(OPENED)
        await work.customers.save(ACME.close(NOON))
        await work.recordings.drop_header(upload(1).recording.id)
        await work.slots.claim("recording", NOON)
        await work.commit()
    await database.check()
    assert await verified_size(database) == 1
    await database.close()

    attacks = (
        "UPDATE log_entries SET record = ''",
        "DELETE FROM log_entries",
        "TRUNCATE log_entries",
        "UPDATE log_tiles SET hashes = ''",
        "DELETE FROM log_tiles",
        "UPDATE log_details SET detail = ''",
        "DELETE FROM log_details",
        "DELETE FROM log_head",
        "DELETE FROM slots",
        "UPDATE vault SET id = 'another'",
        "ALTER TABLE log_entries DISABLE TRIGGER ALL",
        "DROP TABLE log_entries",
        "CREATE TABLE mine (x int)",
        "GRANT UPDATE ON log_entries TO callvault_service",
    )
    with psycopg.connect(url, autocommit=True) as connection:
        for attack in attacks[:-1]:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(attack.encode())
        connection.execute(attacks[-1].encode())  # a warning, and nothing granted
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE log_entries SET record = ''")


async def test_details_are_erased_by_the_owner_alone(separated: Server) -> None:
    """The service's role is told so, and what others do in the same transaction stays; the owner's erases."""
    for user, left in (("callvault_service", 1), ("callvault_owner", 0)):
        database = await SqlDatabase.open(
            separated.url("callvault", user=user), clock=SettableClock(), notary=FakeNotary()
        )

        async def _erase(database: SqlDatabase = database) -> None:
            async with database.unit_of_work() as work:
                await work.log.erase_details(0, 0)
                await work.commit()

        async def _append(database: SqlDatabase = database) -> None:
            async with database.unit_of_work() as work:
                await work.log.append(OPENED)
                await work.commit()

        await _append()
        told = await asyncio.gather(_append(), _erase(), _append(), return_exceptions=True)
        await database.close()

        assert [type(each) for each in told if each] == [DatabaseForbids] * left
        counted = separated.run("SELECT count(*) FROM log_details WHERE index = 0", database="callvault")
        assert counted == [(left,)]
    assert separated.run("SELECT size FROM log_head", database="callvault") == [(6,)]


async def test_the_doctor_sees_who_could_rewrite_the_log(separated: Server) -> None:
    """The service's role has no right too many; the owner and the administrator have."""
    excess = {
        user: look_at_server(separated.url("callvault", user=user)).excess
        for user in ("callvault_service", "callvault_owner", "postgres")
    }

    assert excess["callvault_service"] == ()
    for user in ("callvault_owner", "postgres"):
        assert {"UPDATE on log_entries", "DELETE on log_head"} <= {*excess[user]}


def test_the_doctor_sees_what_a_power_cut_would_lose(postgres: Server) -> None:
    """The tests' server syncs nothing, which the doctor says; a socket and loopback stay on the machine."""
    by_socket = look_at_server(postgres.url("postgres"))
    by_tcp = look_at_server(postgres.tcp_url("postgres"))

    assert by_socket.unsafe_settings == ("fsync", "full_page_writes")
    assert by_socket.is_local
    assert by_tcp.is_local
    assert by_tcp.sslmode == "prefer"
