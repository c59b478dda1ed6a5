"""Tables are made by revisions, whole or not at all, and a database of another revision isn't opened."""

from __future__ import annotations

import dataclasses
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Table, create_engine

from tests.fakes.clock import SettableClock
from tests.fakes.notary import FakeNotary
from vault.db import log_tables as _log_tables  # noqa: F401 - joins its tables to `metadata`
from vault.db import renewals as _renewals
from vault.db import schema, tables
from vault.db import staff_sessions as _staff_sessions
from vault.db.database import SqlDatabase
from vault.db.grant_tables import grants, opening_requests
from vault.domain.access import Link, Session
from vault.domain.customer import Customer
from vault.domain.grant import Grant
from vault.domain.guesses import Bucket
from vault.domain.hold import LegalHold
from vault.domain.opening_request import OpeningRequest
from vault.domain.recording import Recording
from vault.domain.renewal import Renewal
from vault.domain.source import Source
from vault.domain.staff import LockedIdentity, StaffMember
from vault.domain.staff_session import StaffSession
from vault.errors import DatabaseUnavailable, NoVault
from vault.ports.repositories import VaultRecord


async def open_and_close(url: str) -> None:
    """Open the database as the service would."""
    database = await SqlDatabase.open(url, clock=SettableClock(), notary=FakeNotary())
    await database.close()


def definitions(path: Path) -> set[tuple[str, str]]:
    """Return what SQLite was told to make, white space aside."""
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    connection.close()
    return {(name, "".join(sql.split())) for name, sql in rows if name != "alembic_version"}


def test_the_revisions_make_the_tables_that_are_used(path: Path, tmp_path: Path) -> None:
    """What the revisions made and what the statements are built from are alike, indexes included."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), tables.metadata)
    engine.dispose()

    made = create_engine(f"sqlite:///{tmp_path}/made.db")
    tables.metadata.create_all(made)
    made.dispose()

    assert differences == []
    assert definitions(path) == definitions(tmp_path / "made.db")


def test_the_program_needs_the_newest_revision() -> None:
    """`REVISION` is the head of the revisions, of which there is one line."""
    folder = Path(schema.__file__).with_name("migrations")

    assert ScriptDirectory(str(folder)).get_current_head() == schema.REVISION


@pytest.mark.parametrize(
    ("table", "kind", "elsewhere"),
    [
        (tables.vault, VaultRecord, set()),
        (tables.customers, Customer, set()),
        (tables.sources, Source, set()),
        (tables.staff, StaffMember, set()),
        (tables.identities, LockedIdentity, set()),
        (tables.links, Link, {"recordings"}),
        (tables.sessions, Session, {"recordings"}),
        (tables.recordings, Recording, {"holds"}),
        (tables.guess_buckets, Bucket, set()),
        (tables.holds, LegalHold, set()),
        (grants, Grant, set()),
        (opening_requests, OpeningRequest, set()),
        (_renewals.renewals, Renewal, set()),
        (_staff_sessions.staff_sessions, StaffSession, set()),
    ],
)
def test_every_field_has_a_column(table: Table, kind: type, elsewhere: set[str]) -> None:
    """A field that a noun gains can't be forgotten by its table."""
    fields = {field.name for field in dataclasses.fields(kind)}

    assert fields - elsewhere <= set(table.c.keys())


async def test_upgrading_again_changes_nothing(path: Path, url: str) -> None:
    """An upgrade of what is up to date is no error, and what is in it stays."""
    before = definitions(path)

    await schema.upgrade(url)

    assert definitions(path) == before
    await open_and_close(url)


async def test_a_new_database_is_its_owners_alone(tmp_path: Path) -> None:
    """The file is made for nobody else to read, from its first byte."""
    await schema.upgrade(f"sqlite+aiosqlite:///{tmp_path}/new.db")

    assert stat.S_IMODE((tmp_path / "new.db").stat().st_mode) == 0o600


async def test_an_upgrade_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """An upgrade is one transaction: what it can't finish it hasn't begun."""
    path = tmp_path / "odd.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE log_head (odd)")
    connection.close()

    with pytest.raises(DatabaseUnavailable):
        await schema.upgrade(f"sqlite+aiosqlite:///{path}")

    assert definitions(path) == {("log_head", "CREATETABLElog_head(odd)")}


@pytest.mark.parametrize(
    ("revision", "words"), [("0000", "callvault migrate"), ("9999", "a newer one made it")]
)
async def test_another_revision_is_not_opened(path: Path, url: str, revision: str, words: str) -> None:
    """An older database asks for the upgrade, a newer one for the newer program."""
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    connection.close()

    with pytest.raises(DatabaseUnavailable, match=words):
        await open_and_close(url)


async def test_a_newer_database_is_not_upgraded(path: Path, url: str) -> None:
    """An upgrade never touches what a newer program made."""
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()

    with pytest.raises(DatabaseUnavailable):
        await schema.upgrade(url)


async def test_where_there_is_no_database_none_is_made(tmp_path: Path) -> None:
    """Opening a path that isn't there, or an empty file, is `NoVault` and makes nothing."""
    missing, empty = tmp_path / "missing.db", tmp_path / "empty.db"
    empty.touch()

    for path in (missing, empty):
        with pytest.raises(NoVault):
            await open_and_close(f"sqlite+aiosqlite:///{path}")

    assert not missing.exists()
    assert not await SqlDatabase.exists(f"sqlite+aiosqlite:///{missing}")


async def test_what_is_no_database_is_not_opened(tmp_path: Path) -> None:
    """Another file, or a folder that isn't there, gives a clear error."""
    odd = tmp_path / "odd.db"
    odd.write_bytes(b"not a database, and longer than a header of one would be" * 99)

    with pytest.raises(DatabaseUnavailable):
        await open_and_close(f"sqlite+aiosqlite:///{odd}")
    with pytest.raises(DatabaseUnavailable):
        await schema.upgrade(f"sqlite+aiosqlite:///{tmp_path}/nowhere/new.db")


def test_opening_costs_no_alembic(url: str) -> None:
    """Alembic takes a third of a second to import: opening a vault does without."""
    code = f"""
import asyncio, sys
from tests.fakes.notary import FakeNotary
from vault.db.database import SqlDatabase
async def main():
    database = await SqlDatabase.open({url!r}, clock=None, notary=FakeNotary())
    await database.close()
asyncio.run(main())
sys.exit('alembic' in sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
