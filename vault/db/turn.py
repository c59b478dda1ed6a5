"""One body's turn in a group: its statements, its savepoint, its entries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, Protocol, TypeVar

from sqlalchemy import Executable

from vault.db.failures import vault_errors
from vault.db.group import Group
from vault.db.log_tail import Mark
from vault.db.statements import Answer, Rows
from vault.domain.event import AuditEvent
from vault.ports.log import Appended

T = TypeVar("T")


class Leave(Protocol):
    """Ends a turn in the background."""

    def __call__(self, turn: Turn, *, keep: bool) -> None: ...


class Turn:
    """`Statements` for the body whose turn it is, until it is over.

    Each statement, or a whole body at one go, is a step in a task of its own: cancelled, it is still carried
    out, and the next step or the end of the turn waits for it. The driver would otherwise give up the
    connection that all bodies share.
    """

    def __init__(self, group: Group, leave: Leave) -> None:
        self.group = group
        self.over = False
        self._leave = leave
        self._step: asyncio.Task[Any] | None = None
        self._saved = False  # whether there is a savepoint to go back to
        self._mark: Mark | None = None
        self._within = False  # a step that is carried out on the database's thread
        self._done = False  # such a step, and well: what it did stays

    async def begin(self) -> None:
        """Begin the group's transaction if this is its first body."""
        self.group.bodies += 1
        if not self.group.begun:
            await self._run(self.group.begin)
        self._mark = self.group.tail.mark()

    async def carry_out(self, body: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a body on the database's thread; once it has returned, it stays, whoever is cancelled."""
        return await self._run(lambda: self.group.carry_out(lambda: self._whole(body)))

    async def read(self, statement: Executable, values: Rows | None = None, /) -> Answer:
        """Run a statement that changes nothing, with `values` for its parameters."""
        return await self._run(lambda: self.group.execute(statement, values))

    async def write(self, statement: Executable, rows: Rows | None = None, /) -> Answer:
        """Run a statement that changes something, once for every one of `rows` if there are several."""
        return await self._run(lambda: self._write(statement, rows))

    async def store_entries(self) -> None:
        """Write what was appended so far, by earlier bodies too, so that statements see it."""
        await self._run(self._store_entries)

    def append(self, event: AuditEvent, now: datetime) -> Appended:
        """Append to the log, in memory; the group writes it."""
        self._must_be_on()
        return self.group.tail.append(event, now)

    async def commit(self) -> None:
        """Give the turn up and wait until the group is durable; raise as `UnitOfWork.commit`."""
        self._must_be_on()
        if self._within:
            raise RuntimeError("a body that is carried out at one go is committed for it")
        self.over = True
        self._leave(self, keep=True)
        await self.group.wait()

    def ends_at_once(self, *, keep: bool) -> bool:
        """Keep or undo what the body appended, if it did nothing else; say whether that was all."""
        if self._saved or not self._settled:
            return False
        if keep or self._done:
            self.group.kept = True
        elif self._mark is not None:
            self.group.tail.go_back(self._mark)
        return True

    async def end(self, *, keep: bool) -> None:
        """Keep or undo what the body did. Nothing is raised: a failure is the group's."""
        await self._settle()
        await self._end_savepoint(keep=keep)
        self.ends_at_once(keep=keep)

    async def _whole(self, body: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run the body and end its savepoint, on the database's thread."""
        self._within = True
        try:
            answer = await body()
        except BaseException:
            await self._end_savepoint(keep=False)
            raise
        else:
            await self._end_savepoint(keep=True)
            self._done = True
            return answer
        finally:
            self._within = False

    async def _end_savepoint(self, *, keep: bool) -> None:
        if self._saved:
            self._saved = False
            await self.group.end_savepoint(keep=keep)

    async def _run(self, step: Callable[[], Coroutine[Any, Any, T]]) -> T:
        self._must_be_on()
        if self._within:
            with vault_errors():
                return await step()
        await self._settle()
        task = asyncio.create_task(step())
        self._step = task
        with vault_errors():
            return await asyncio.shield(task)

    @property
    def _settled(self) -> bool:
        """Whether no step is under way whose caller was cancelled."""
        return self._step is None or self._step.done()

    async def _settle(self) -> None:
        """Wait for such a step."""
        if self._step is not None and not self._settled:
            await asyncio.wait([self._step])

    async def _write(self, statement: Executable, rows: Rows | None) -> Answer:
        await self._save()
        return await self.group.execute(statement, rows)

    async def _store_entries(self) -> None:
        await self._save()
        await self.group.store_entries()

    async def _save(self) -> None:
        """Set the savepoint before the body's first change; one that only appends needs none."""
        if not self._saved:
            await self.group.set_savepoint()
            self._saved = True

    def _must_be_on(self) -> None:
        if self.over:
            raise RuntimeError("this unit of work is over")
