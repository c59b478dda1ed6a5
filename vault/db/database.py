"""The database of a vault, on SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, update

from vault.db.connection import AsyncEngine
from vault.db.engine import BUSY_SECONDS, database_file, is_postgresql, reading_engine, writing_engine
from vault.db.failures import vault_errors
from vault.db.group_commit import GroupCommit
from vault.db.log_tables import log_head
from vault.db.log_witness import LogWitness
from vault.db.schema import check_revision
from vault.db.statements import Snapshot
from vault.db.unit_of_work import SqlRepositories, SqlUnitOfWork
from vault.errors import DatabaseUnavailable, NoVault, StorageFull
from vault.ports.clock import Clock
from vault.ports.database import Repositories, UnitOfWork
from vault.ports.notary import Notary

T = TypeVar("T")


class SqlDatabase:
    """`Database`: one writer connection with group commit, and a pool of readers."""

    def __init__(self, url: str, *, clock: Clock, notary: Notary) -> None:
        self._clock = clock
        self._writer: AsyncEngine = writing_engine(url)
        self._readers: AsyncEngine = reading_engine(url)
        self._witness = LogWitness(notary)
        self._group_commit = GroupCommit(self._writer, notary, self._witness)

    @classmethod
    async def open(cls, url: str, *, clock: Clock, notary: Notary) -> SqlDatabase:
        """Open the database at a URL: `sqlite:////var/lib/callvault/vault.db` or `postgresql://…`.

        The notary is told of the log's right edge after every COMMIT that grew it, before anybody hears of
        that commit; if it raises, they hear `LogUnavailable`. A log that does not agree with what it signed
        and kept is written to no more. Raises `NoVault` where there is no database, `DatabaseUnavailable`
        when it can't be opened or its schema is another version's, `DatabaseMoved`.
        """
        if not await cls.exists(url):
            raise NoVault("there is no database; `callvault init` makes a vault")
        database = cls(url, clock=clock, notary=notary)
        try:
            with vault_errors():
                async with database._readers.connect() as connection:
                    await check_revision(connection)
                    await database._witness.look(connection)
        except BaseException:
            await database.close()
            raise
        return database

    @staticmethod
    async def exists(url: str) -> bool:
        """Say whether there is a database at that URL, of whatever schema. A server is asked on opening."""
        return is_postgresql(url) or database_file(url).is_file()

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[UnitOfWork]:
        """Begin a change; leaving without `commit`, by error or cancellation, undoes it."""
        async with self._group_commit.turn() as turn:
            yield SqlUnitOfWork(turn, self._clock)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Repositories]:
        """Begin a snapshot for reading; raise `Overloaded` when too many are open already."""
        async with AsyncExitStack() as stack:
            with vault_errors():
                connection = await stack.enter_async_context(self._readers.connect())
            yield SqlRepositories(Snapshot(connection))

    async def change(self, body: Callable[[UnitOfWork], Coroutine[Any, Any, T]]) -> T:
        """Carry a change out at one go, and commit it; what the body raises undoes it."""
        return await self._group_commit.carry_out(lambda turn: body(SqlUnitOfWork(turn, self._clock)))

    async def read(self, body: Callable[[Repositories], Coroutine[Any, Any, T]]) -> T:
        """Read in a snapshot at one go; raise `Overloaded` when too many are open already."""
        with vault_errors():
            async with self._readers.connect() as connection:
                return await connection.carry_out_last(lambda: body(SqlRepositories(Snapshot(connection))))

    async def check(self) -> None:
        """Pass if the log could be written now; raise `DatabaseUnavailable`."""
        touch_head = update(log_head).values(size=log_head.c.size)
        try:
            async with self._group_commit.turn() as turn:
                await turn.write(touch_head)
        except StorageFull as error:
            raise DatabaseUnavailable(str(error)) from error

    async def tidy(self) -> None:
        """Move SQLite's write-ahead log into the database and empty it: what was dropped is in neither.

        What a reading snapshot or another process still needs stays until the next time. A PostgreSQL server
        cleans up after itself (autovacuum), and its archives keep what they keep.
        """
        if self._writer.remote:
            return
        with vault_errors():
            await self._group_commit.between_groups(self._checkpoint)

    async def close(self) -> None:
        """End what is under way and close every connection."""
        await self._group_commit.close()
        await self._readers.dispose()

    async def _checkpoint(self) -> None:
        async with self._writer.connect() as connection:
            await connection.run_sync(_empty_wal)


def _empty_wal(connection: Connection) -> None:
    # Past SQLAlchemy, which would begin a transaction first: inside one it can't be done.
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA busy_timeout=0")  # or every writer would wait for the oldest reader
    try:
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        driver.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
