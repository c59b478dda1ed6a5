"""One group: a transaction that several bodies share, from BEGIN to COMMIT."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Executable

from vault.db.connection import AsyncConnection, AsyncEngine
from vault.db.failures import DRIVER_ERRORS, group_failure, is_fatal, is_passing, log_failure
from vault.db.log_tail import LogTail
from vault.db.log_witness import LogWitness
from vault.db.statements import Answer, Rows
from vault.errors import VaultError
from vault.ports.notary import Notary

T = TypeVar("T")

BEGINNINGS = 5  # how often a group begins that lost against somebody who doesn't take turns
LOOKS = 7  # how often a lost COMMIT is looked for: some ten seconds, in which most servers are back
FIRST_PAUSE_SECONDS = 0.1


class Group:
    """A transaction, the end of the log in it, and how it came out for all its bodies.

    A failure of the database in one body fails the group: what earlier bodies did in the same transaction may
    be gone with it.
    """

    def __init__(self, engine: AsyncEngine, notary: Notary, witness: LogWitness) -> None:
        self._engine = engine
        self._connection: AsyncConnection = engine.connect()
        self._notary = notary
        self._witness = witness
        self._tail: LogTail | None = None
        self._size_before = 0
        self._committed = False
        self._outcome: asyncio.Future[VaultError | None] = asyncio.get_running_loop().create_future()
        self.failure: VaultError | None = None
        self.bodies = 0
        self.kept = False  # whether any body is to be committed

    @property
    def begun(self) -> bool:
        """Whether the transaction is open."""
        return self._tail is not None

    @property
    def tail(self) -> LogTail:
        """The end of the log; there once the group has begun."""
        if self._tail is None:
            raise RuntimeError("the group has not begun")
        return self._tail

    async def begin(self) -> None:
        """Take the database's write lock and read the head of the log: another process may have grown it.

        No body has run yet, so a deadlock with somebody outside only means to begin again.
        """
        for beginning in range(BEGINNINGS):
            try:
                await self._begin()
            except Exception as error:
                if is_passing(error) and beginning + 1 < BEGINNINGS:
                    await self._connection.close()
                    await _pause(beginning)
                    continue
                self.fail(error)
                raise
            return

    async def _begin(self) -> None:
        await self._connection.start()
        await self._connection.carry_out(self._begin_there)

    async def _begin_there(self) -> None:
        await self._connection.begin()
        tail = await LogTail.load(self._connection, self._notary)
        tail.last_time = await self._witness.check(self._connection, tail.edge)
        self._tail, self._size_before = tail, tail.size

    async def execute(self, statement: Executable, rows: Rows | None = None) -> Answer:
        """Run a statement of the body whose turn it is."""
        with self._failing():
            return await self._connection.execute(statement, rows)

    async def carry_out(self, body: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a body on the database's thread: all its statements make one trip."""
        return await self._connection.carry_out(body)

    async def set_savepoint(self) -> None:
        """Note a point to which the transaction can be taken back."""
        with self._failing():
            await self._connection.set_savepoint()

    async def end_savepoint(self, *, keep: bool) -> None:
        """Keep what came since that point, or undo it. Nothing is raised: a failure is the group's."""
        if self.failure is not None:
            return
        try:
            if keep:
                await self._connection.keep_since_savepoint()
            else:
                await self._connection.go_back_to_savepoint()
        except Exception as error:  # noqa: BLE001 - a savepoint that can't be ended ends the group
            self.fail(error)

    async def store_entries(self) -> None:
        """Write the log's pending entries."""
        try:
            await self.tail.store(self._connection)
        except Exception as error:
            self.fail(log_failure(error))
            raise

    def fail(self, error: Exception) -> None:
        """Let nothing of the group stay, because of this error; the first one counts."""
        self.failure = self.failure or group_failure(error)

    async def finish(self) -> None:
        """Commit, or roll back after a failure or when no body wants to keep anything; tell every body."""
        try:
            if self.failure is None and self.kept:
                await self._commit()
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
            self.fail(error)
        self._outcome.set_result(self.failure)
        await self._let_go()

    async def wait(self) -> None:
        """Wait until the group is durable; raise `LogUnavailable` or `DatabaseUnavailable`."""
        failure = await asyncio.shield(self._outcome)
        if failure is not None:
            raise type(failure)(str(failure)) from failure  # one each, for each has a traceback of its own

    async def _commit(self) -> None:
        try:
            await self._commit_for_certain()
        except Exception as error:
            raise (log_failure(error) if self._grew else error) from error

    async def _commit_for_certain(self) -> None:
        """Commit; where the answer is lost, find out whether it was done, and raise when it was not."""
        try:
            await self._connection.carry_out(self._commit_there)
        except DRIVER_ERRORS:
            if self._committed or not self._engine.remote or not await self._was_committed():
                raise
            await self._tell()

    async def _commit_there(self) -> None:
        await self.store_entries()
        await self._connection.commit()
        self._committed = True
        await self._tell()

    async def _tell(self) -> None:
        """Have what the log has become kept elsewhere, if it has grown."""
        if self._grew:
            self._witness.saw(self.tail.edge.frontier, self.tail.last_time)
            await self._notary.keep(self.tail.edge)

    @property
    def _grew(self) -> bool:
        return self.tail.size != self._size_before

    async def _was_committed(self) -> bool:
        """Look for the newest entry, once the head is free: until then its transaction may still be ending.

        Raises what the last try raised: then nobody knows. Who hears of that failure asks again, and is told
        what became of it.
        """
        await self._connection.invalidate()
        await self._connection.close()
        for look in range(LOOKS):
            await _pause(look)
            try:
                async with self._engine.connect() as connection:
                    await LogTail.load(connection, self._notary)
                    return await self.tail.is_in(connection)
            except DRIVER_ERRORS:
                if look + 1 == LOOKS:
                    raise
        return False

    async def _let_go(self) -> None:
        """Give the connection back; after a failure, one that nobody will use again."""
        if self.failure is not None:
            await self._connection.invalidate()
        await self._connection.close()

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Fail the group with a statement after which its transaction can't go on."""
        try:
            yield
        except Exception as error:
            if is_fatal(error):
                self.fail(error)
            raise


async def _pause(attempt: int) -> None:
    """Wait a little, longer every time, and not in step with others (full jitter)."""
    await asyncio.sleep(FIRST_PAUSE_SECONDS * 2**attempt * random.random())  # noqa: S311 - no secret
