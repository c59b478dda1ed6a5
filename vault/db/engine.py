"""Engines for a URL: one connection that writes, a few that read. SQLite's are made here.

SQLAlchemy, "Transactions with SQLite and the sqlite3 driver": the driver is kept from beginning transactions
of its own, and the engine says BEGIN, here with the kind of transaction that its connections are for.
"""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from vault.db.connection import AsyncEngine
from vault.db.cursors import EagerConnection

BUSY_SECONDS = 30  # how long a transaction waits for another process's
READERS = 16  # opened when they are needed, then kept: to open one costs more than most reads
_DRIVERS = {"sqlite+aiosqlite": "sqlite"}  # a driver that older settings may name

# secure_delete: freed pages are overwritten, so that a dropped header is in no page of the file.
# synchronous=FULL: a commit in WAL mode is on disk when it returns (sqlite.org/pragma, "synchronous").
_PRAGMAS = (
    f"busy_timeout={BUSY_SECONDS * 1000}",
    "synchronous=FULL",
    "foreign_keys=ON",
    "secure_delete=ON",
    "trusted_schema=OFF",
    "temp_store=MEMORY",
)


def writing_engine(url: str) -> AsyncEngine:
    """Return an engine of one connection whose transactions take the write lock at once."""
    if is_postgresql(url):
        from vault.db import postgresql  # noqa: PLC0415 - SQLite waits for no driver that it doesn't need

        return postgresql.writing_engine(url)
    return _engine(url, 1, begin="BEGIN IMMEDIATE", pragmas=("journal_mode=WAL", *_PRAGMAS))


def reading_engine(url: str) -> AsyncEngine:
    """Return an engine whose transactions are snapshots and can't write."""
    if is_postgresql(url):
        from vault.db import postgresql  # noqa: PLC0415 - as above

        return postgresql.reading_engine(url)
    return _engine(url, READERS, begin="BEGIN", pragmas=(*_PRAGMAS, "query_only=ON"))


def _engine(url: str, count: int, *, begin: str, pragmas: tuple[str, ...]) -> AsyncEngine:
    plain = create_engine(
        _with_driver(url),
        connect_args={"factory": EagerConnection},
        pool_size=count,
        max_overflow=0,
        pool_use_lifo=True,
    )
    _set_up(plain, begin=begin, pragmas=pragmas)
    return AsyncEngine(plain, count)


def _with_driver(url: str) -> URL:
    parsed = make_url(url)
    return parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))


def _set_up(engine: Engine, *, begin: str, pragmas: tuple[str, ...]) -> None:
    @event.listens_for(engine, "connect")
    def _connected(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


def is_postgresql(url: str) -> bool:
    """Say whether a URL names a PostgreSQL database; else it is SQLite's."""
    return url.startswith("postgres")


def database_file(url: str) -> Path:
    """Return the file that an SQLite URL names."""
    return Path(make_url(url).database or "")


def make_private(url: str) -> None:
    """Make the database's file for its owner alone, if it isn't there; its WAL gets the same mode."""
    os.close(os.open(database_file(url), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
