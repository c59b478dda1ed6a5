"""One body's turn in a group: its statements, its savepoint, its entries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, Protocol, TypeVar

from sqlalchemy import Executable

from vault.db.connection import AsyncTransaction
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

    Each statement is a step in a task of its own: cancelled, it is still carried out, and the next step or
    the end of the turn waits for it. The driver would otherwise give up the connection that all bodies share.
    """

    def __init__(self, group: Group, leave: Leave) -> None:
        self.group = group
        self.over = False
        self._leave = leave
        self._step: asyncio.Task[Any] | None = None
        self._savepoint: AsyncTransaction | None = None
        self._mark: Mark | None = None

    async def begin(self) -> None:
        """Begin the group's transaction if this is its first body."""
        self.group.bodies += 1
        if not self.group.begun:
            await self._run(self.group.begin)
        self._mark = self.group.tail.mark()

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
        self.over = True
        self._leave(self, keep=True)
        await self.group.wait()

    def ends_at_once(self, *, keep: bool) -> bool:
        """Keep or undo what the body appended, if it did nothing else; say whether that was all."""
        if self._savepoint is not None or not self._settled:
            return False
        if keep:
            self.group.kept = True
        elif self._mark is not None:
            self.group.tail.go_back(self._mark)
        return True

    async def end(self, *, keep: bool) -> None:
        """Keep or undo what the body did. Nothing is raised: a failure is the group's."""
        await self._settle()
        savepoint, self._savepoint = self._savepoint, None
        if savepoint is not None and self.group.failure is None:
            try:
                await (savepoint.commit() if keep else savepoint.rollback())
            except Exception as error:  # noqa: BLE001 - a savepoint that can't be ended ends the group
                self.group.fail(error)
        self.ends_at_once(keep=keep)

    async def _run(self, step: Callable[[], Coroutine[Any, Any, T]]) -> T:
        self._must_be_on()
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
        if self._savepoint is None:
            self._savepoint = await self.group.savepoint()

    def _must_be_on(self) -> None:
        if self.over:
            raise RuntimeError("this unit of work is over")
