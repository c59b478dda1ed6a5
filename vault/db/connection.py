"""Connections for the event loop: SQLAlchemy's plain ones, each step on a thread.

The methods are those of SQLAlchemy's asyncio extension that are needed here, with their names. Over SQLite
the extension itself makes four trips to a thread for each statement, and a greenlet besides: several times
what the statement costs. PostgreSQL's connections work on such threads too, so both share every path.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self, TypeVar

from sqlalchemy import Connection as PlainConnection
from sqlalchemy import CursorResult, Engine, Executable, NestedTransaction
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from vault.db.hand import Hand

T = TypeVar("T")
Rows = Mapping[str, Any] | Sequence[Mapping[str, Any]]

LEASE_SECONDS = 30.0  # how long a free connection is waited for; SQLAlchemy's own default


class AsyncEngine:
    """`count` connections at most, opened when they are needed and kept.

    Of a `remote` one the server may have gone away since, and the answer to a COMMIT can be lost.
    """

    def __init__(self, engine: Engine, count: int, *, remote: bool = False) -> None:
        self.sync_engine = engine
        self.remote = remote
        self._free = asyncio.Semaphore(count)
        self._idle: list[Hand] = []

    def connect(self) -> AsyncConnection:
        """Return a connection that is not started yet: start it, or enter it."""
        return AsyncConnection(self)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """Hold a connection in a transaction, committed at the end unless an error leaves it."""
        async with self.connect() as connection:
            await connection.begin()
            yield connection
            await connection.commit()

    async def lease(self) -> Hand:
        """Return a thread for one connection; raise SQLAlchemy's `TimeoutError` when none comes free."""
        try:
            async with asyncio.timeout(LEASE_SECONDS):
                await self._free.acquire()
        except TimeoutError:
            raise PoolTimeout("every connection is in use") from None
        return self._idle.pop() if self._idle else Hand("database")

    def open(self) -> PlainConnection:
        """Return a connection; called on its thread.

        A remote one begins at once, so that one that died meanwhile is noticed and replaced.
        """
        if not self.remote:
            return self.sync_engine.connect()
        try:
            return self._begun()
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        return self._begun()  # the pool has let go of all that are as old

    def give_back(self, hand: Hand) -> None:
        """Take the thread of a connection that was closed."""
        self._idle.append(hand)
        self._free.release()

    async def dispose(self) -> None:
        """Close the connections that are not in use, and let their threads go."""
        hand = self._idle.pop() if self._idle else Hand("database")
        try:
            await hand.do(self.sync_engine.dispose)
        finally:
            for idle in (hand, *self._idle):
                idle.end()
            self._idle.clear()

    def _begun(self) -> PlainConnection:
        connection = self.sync_engine.connect()
        try:
            connection.begin()
        except BaseException:
            connection.close()
            raise
        return connection


class AsyncConnection:
    """One connection. Its results are whole in memory; it is used by one task at a time."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._hand: Hand | None = None
        self.sync_connection: PlainConnection | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    async def start(self) -> None:
        """Take a connection from the pool."""
        self._hand = await self._engine.lease()
        try:
            await self._hand.do(self._open)
        except BaseException:
            await self.close()
            raise

    async def begin(self) -> None:
        """Begin a transaction now; a statement outside of one begins one too."""
        await self.run_sync(_begin)

    async def begin_nested(self) -> AsyncTransaction:
        """Set a savepoint."""
        return AsyncTransaction(self, await self.run_sync(PlainConnection.begin_nested))

    async def execute(
        self, statement: Executable, values: Rows | None = None
    ) -> CursorResult[*tuple[Any, ...]]:
        """Run a statement, once for every one of `values` if there are several."""
        return await self.run_sync(lambda connection: connection.execute(statement, values))

    async def scalar(self, statement: Executable) -> Any:  # noqa: ANN401 - whatever the first column holds
        """Return the first column of the first row."""
        return await self.run_sync(lambda connection: connection.scalar(statement))

    async def exec_driver_sql(
        self, statement: str, values: tuple[Any, ...] | None = None
    ) -> CursorResult[*tuple[Any, ...]]:
        """Run a statement in the database's own words."""
        return await self.run_sync(lambda connection: connection.exec_driver_sql(statement, values))

    async def commit(self) -> None:
        """Commit the transaction."""
        await self.run_sync(PlainConnection.commit)

    async def invalidate(self) -> None:
        """Let nobody use the connection below again."""
        await self.run_sync(PlainConnection.invalidate)

    async def run_sync(self, work: Callable[[PlainConnection], T]) -> T:
        """Do something with the plain connection, on the thread."""
        if self._hand is None or self.sync_connection is None:
            raise RuntimeError("this connection is not started")
        connection = self.sync_connection
        return await self._hand.do(lambda: work(connection))

    async def close(self) -> None:
        """Roll back what was not committed and give the connection back."""
        hand, self._hand = self._hand, None
        if hand is None:
            return
        connection, self.sync_connection = self.sync_connection, None
        try:
            if connection is not None:
                await hand.do(connection.close)
        finally:
            self._engine.give_back(hand)

    def _open(self) -> None:
        self.sync_connection = self._engine.open()


def _begin(connection: PlainConnection) -> None:
    if not connection.in_transaction():
        connection.begin()


class AsyncTransaction:
    """A savepoint."""

    def __init__(self, connection: AsyncConnection, plain: NestedTransaction) -> None:
        self._connection = connection
        self._plain = plain

    async def commit(self) -> None:
        """Keep what came since."""
        await self._connection.run_sync(lambda _connection: self._plain.commit())

    async def rollback(self) -> None:
        """Undo what came since."""
        await self._connection.run_sync(lambda _connection: self._plain.rollback())
