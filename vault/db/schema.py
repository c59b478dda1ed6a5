"""The schema: which revision this program needs, and how a database comes to have it.

Alembic is imported only where tables are made or renewed; looking at the revision takes one row.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, select

from vault.db.connection import AsyncConnection
from vault.db.engine import database_file, is_postgresql, make_private, reading_engine, writing_engine
from vault.db.failures import vault_errors
from vault.db.shared_slots import must_not_share_slots
from vault.errors import Conflict, DatabaseUnavailable, NoVault

REVISION = "0009"  # the newest in `migrations/versions`; a test keeps them alike

_version = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))


async def upgrade(url: str) -> None:
    """Bring the database to `REVISION`, whole or not at all; make SQLite's if it isn't there.

    Raises `DatabaseUnavailable` when that fails, or when a newer program made the database, and `Conflict`
    for a damaged one, in which recordings share a slot.
    """
    engine = writing_engine(url)
    try:
        with vault_errors():
            if not is_postgresql(url):
                make_private(url)
            async with engine.begin() as connection:
                found = await connection.run_sync(_revision)
                _must_not_be_newer(found)
                # Asked first: who may only use the tables can start on tables that are up to date.
                if found != REVISION:
                    await connection.run_sync(_migrate)
    finally:
        await engine.dispose()


async def check_revision(connection: AsyncConnection) -> None:
    """Pass if the database has the revision that this program needs.

    Raises `NoVault` for one without tables, `DatabaseUnavailable` for an older or newer one.
    """
    found = await connection.run_sync(_revision)
    if found is None:
        raise NoVault("the database is empty; `callvault init` makes a vault")
    _must_not_be_newer(found)
    if found != REVISION:
        advice = f"this program needs {REVISION}: run `callvault migrate`"
        raise DatabaseUnavailable(f"the database has schema {found}, {advice}")


async def revision(url: str) -> str | None:
    """Return the revision of the database there, None for one that holds nothing at all.

    Raise `Conflict` for one that holds something else, `DatabaseUnavailable`. Nothing is changed, or made.
    """
    if not is_postgresql(url) and not database_file(url).exists():
        return None
    engine = reading_engine(url)
    try:
        with vault_errors():
            async with engine.connect() as connection:
                found = await connection.run_sync(_revision)
                if found is None and await connection.run_sync(_has_tables):
                    raise Conflict("the new database is not empty: it holds something else's tables")
                return found
    finally:
        await engine.dispose()


def _has_tables(connection: Connection) -> bool:
    return bool(inspect(connection).get_table_names())


def _must_not_be_newer(found: str | None) -> None:
    if found is not None and found > REVISION:
        advice = f"this program knows {REVISION}: a newer one made it"
        raise DatabaseUnavailable(f"the database has schema {found}, {advice}")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_version.name):
        return None
    return connection.scalar(select(_version.c.version_num))


def _migrate(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - costs a third of a second, needed once in a vault's life
    from alembic.config import Config  # noqa: PLC0415 - as above

    must_not_share_slots(connection)
    if connection.dialect.name == "postgresql":
        from vault.db.postgresql import prepare_upgrade  # noqa: PLC0415 - SQLite does without its driver

        prepare_upgrade(connection)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
