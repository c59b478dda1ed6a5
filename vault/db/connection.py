"""Connections for the event loop: SQLAlchemy's plain ones, each step on a thread.

The methods are those of SQLAlchemy's asyncio extension that are needed here, with their names. Over SQLite
the extension itself makes four trips to a thread for each statement, and a greenlet besides: several times
what the statement costs. PostgreSQL's connections work on such threads too, so both share every path.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self, TypeVar

from sqlalchemy import Connection as PlainConnection
from sqlalchemy import CursorResult, Engine, Executable
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from vault.db.hand import Hand

T = TypeVar("T")
Rows = Mapping[str, Any] | Sequence[Mapping[str, Any]]

_SAVEPOINT = "body"

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
    """One connection. Its results are whole in memory; it is used by one task at a time.

    Each step is a trip to its thread and back, which costs more than most statements. Several steps make one
    trip in a coroutine that is carried out there.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._hand: Hand | None = None
        self._plain: PlainConnection | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    async def start(self) -> None:
        """Have a thread for it; the connection is taken from the pool with the first step."""
        self._hand = await self._engine.lease()

    async def begin(self) -> None:
        """Begin a transaction now; a statement outside of one begins one too."""
        await self.run_sync(_begin)

    async def set_savepoint(self) -> None:
        """Note a point to go back to; one at a time.

        In the database's own words, for SQLAlchemy would compile them anew each time.
        """
        await self.exec_driver_sql(f"SAVEPOINT {_SAVEPOINT}")

    async def keep_since_savepoint(self) -> None:
        """Keep what came since, and forget the point."""
        await self.exec_driver_sql(f"RELEASE SAVEPOINT {_SAVEPOINT}")

    async def go_back_to_savepoint(self) -> None:
        """Undo what came since, and forget the point."""
        await self.exec_driver_sql(f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}")
        await self.keep_since_savepoint()

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
        if self._plain is not None:
            await self.run_sync(PlainConnection.invalidate)

    async def run_sync(self, work: Callable[[PlainConnection], T]) -> T:
        """Do something with the plain connection, on the thread."""
        return await self._started.do(lambda: work(self._opened()))

    async def carry_out(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine on the thread: all its steps make one trip. It waits for nothing else.

        Raises `RuntimeError` where it would have to wait for the event loop.
        """
        return await self._started.carry_out(work)

    async def carry_out_last(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine as `carry_out` does, and give the connection back in the same trip."""

        async def _and_close() -> T:
            try:
                return await work()
            finally:
                plain, self._plain = self._plain, None
                if plain is not None:
                    plain.close()

        return await self._started.carry_out(_and_close)

    async def close(self) -> None:
        """Roll back what was not committed and give the connection back."""
        hand, self._hand = self._hand, None
        if hand is None:
            return
        plain, self._plain = self._plain, None
        try:
            if plain is not None:
                await hand.do(plain.close)
        finally:
            self._engine.give_back(hand)

    @property
    def _started(self) -> Hand:
        if self._hand is None:
            raise RuntimeError("this connection is not started")
        return self._hand

    def _opened(self) -> PlainConnection:
        """Return the connection below; called on its thread."""
        if self._plain is None:
            self._plain = self._engine.open()
        return self._plain


def _begin(connection: PlainConnection) -> None:
    if not connection.in_transaction():
        connection.begin()
