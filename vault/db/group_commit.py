"""Group commit: bodies of many units of work take turns inside one transaction and share its COMMIT.

A COMMIT waits for the disk; a body hardly does. So the first body of a group begins the transaction, each
body has it for itself while it runs, and when a body leaves and nobody is waiting, or many had their turn,
the group is committed. Only then does any of them hear that it is done.

Whatever must happen once begun (a statement, undoing a body, the COMMIT) runs in a task of its own. A body
can be cancelled at every await, and the others never notice.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from vault.db.connection import AsyncEngine
from vault.db.group import Group
from vault.db.log_witness import LogWitness
from vault.db.turn import Turn
from vault.errors import DatabaseUnavailable, Unavailable, VaultError
from vault.ports.notary import Notary

T = TypeVar("T")

BODIES_PER_GROUP = 128  # an answer never waits for an endless queue


class GroupCommit:
    """The writer of one process: whose turn it is, and the group that is under way."""

    def __init__(self, engine: AsyncEngine, notary: Notary, witness: LogWitness) -> None:
        self._engine = engine
        self._notary = notary
        self._witness = witness
        self._lock = asyncio.Lock()  # the turn; first come, first served
        self._waiting = 0
        self._group: Group | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Turn]:
        """Wait for the turn and have it; a body that leaves without `Turn.commit` is undone.

        It may have seen what earlier bodies of its group did, so it too leaves only once that is durable. A
        refusal as well: nobody hears «collected» of a collection that a full disk takes back.
        Raises `DatabaseUnavailable` when no transaction can be begun.
        """
        await self._take_turn()
        if self._group is None:
            self._group = Group(self._engine, self._notary, self._witness)
        turn = Turn(self._group, self._leave)
        try:
            await turn.begin()
            yield turn
            await self._leave_durably(turn)
        except Unavailable:
            raise  # of the database itself, not of what the body saw
        except VaultError:
            await self._leave_durably(turn)
            raise
        finally:
            if not turn.over:
                self._give_up(turn)

    async def carry_out(self, body: Callable[[Turn], Coroutine[Any, Any, T]]) -> T:
        """Wait for the turn, run a body on the database's thread, and commit it; what it raises undoes it.

        Cancelled before it begins it is never run, and later it stays. Raises as `turn`.
        """
        async with self.turn() as turn:
            answer = await turn.carry_out(lambda: body(turn))
            await turn.commit()
        return answer

    async def between_groups(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do some work while no transaction is open; cancelling the caller doesn't stop it."""
        await self._take_turn()
        await asyncio.shield(self._spawn(self._end_group(work)))

    async def close(self) -> None:
        """End what is under way, refuse what is still waiting, and let the connection go."""
        if not self._closed:
            self._closed = True
            await self._lock.acquire()
            await asyncio.shield(self._spawn(self._end_group(self._engine.dispose)))

    async def _take_turn(self) -> None:
        self._waiting += 1
        try:
            await self._lock.acquire()
        except asyncio.CancelledError:
            # The last body may have left the group open for this one alone.
            if self._group is not None and self._waiting == 1 and not self._lock.locked():
                self._spawn(self._end_forgotten_group())
            raise
        finally:
            self._waiting -= 1
        if self._closed:
            self._lock.release()
            raise DatabaseUnavailable("the database was closed")

    async def _leave_durably(self, turn: Turn) -> None:
        """Undo a body that has not committed, and wait for those before it; raise what became of them."""
        if not turn.over:
            self._give_up(turn)
            await turn.group.wait()

    def _give_up(self, turn: Turn) -> None:
        turn.over = True
        self._leave(turn, keep=False)

    def _leave(self, turn: Turn, *, keep: bool) -> None:
        """End a body's turn, in the background if that takes more than memory."""
        if turn.ends_at_once(keep=keep):
            self._pass_turn(turn.group)
        else:
            self._spawn(self._end_turn(turn, keep=keep))

    async def _end_turn(self, turn: Turn, *, keep: bool) -> None:
        try:
            await turn.end(keep=keep)
        finally:
            self._pass_turn(turn.group)

    def _pass_turn(self, group: Group) -> None:
        """Let the next body in, or end the group first."""
        if self._waiting and group.failure is None and group.bodies < BODIES_PER_GROUP:
            self._lock.release()
        else:
            self._spawn(self._end_group())

    async def _end_group(self, then: Callable[[], Awaitable[None]] | None = None) -> None:
        try:
            await self._finish_group()
            if then is not None:
                await then()
        finally:
            self._lock.release()

    async def _end_forgotten_group(self) -> None:
        async with self._lock:
            await self._finish_group()

    async def _finish_group(self) -> None:
        group, self._group = self._group, None
        if group is not None:
            await group.finish()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run in the background; the loop itself keeps no task alive."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
