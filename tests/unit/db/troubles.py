"""Ways to put a database into trouble."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Generator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import event

from vault.db.database import SqlDatabase

on_both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"], indirect=True)


class CancelledAt(Awaitable[None]):
    """A coroutine whose task is cancelled while it waits for the `at`-th time, counted from 0.

    `reached` says afterwards whether it waited that often.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, None], at: int) -> None:
        self.reached = False
        self._coroutine = coroutine
        self._at = at

    def __await__(self) -> Generator[Any, None, None]:
        task, count, error = asyncio.current_task(), 0, None
        assert task is not None
        while True:
            try:
                waits_for = self._coroutine.throw(error) if error else self._coroutine.send(None)
            except StopIteration:
                return
            if count == self._at:
                self.reached = True
                asyncio.get_running_loop().call_soon(task.cancel)
            count, error = count + 1, None
            try:
                yield waits_for
            except BaseException as raised:  # noqa: BLE001 - handed on into the coroutine
                error = raised


async def cancelled_at(coroutine: Coroutine[Any, Any, None], at: int) -> bool:
    """Run it in a task, cancelled at that await; say whether it came so far."""
    cancelled = CancelledAt(coroutine, at)

    async def run() -> None:
        await cancelled

    (outcome,) = await asyncio.gather(asyncio.create_task(run()), return_exceptions=True)
    assert outcome is None or isinstance(outcome, asyncio.CancelledError)
    return cancelled.reached


@dataclass(slots=True)
class Disk:
    """How many pages of 4 KiB the writer finds room for; None for as many as it likes."""

    pages: int | None = None


def on_small_disk(database: SqlDatabase) -> Disk:
    """Let the database's writer live on a disk whose size can be set."""
    disk = Disk()

    @event.listens_for(database._writer.sync_engine, "checkout")
    def _limit(connection: Any, _entry: Any, _proxy: Any) -> None:  # noqa: ANN401 - the driver's own
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA max_page_count={disk.pages or 1 << 30}")
        cursor.close()

    return disk
