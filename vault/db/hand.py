"""A thread that does one thing after another for the event loop, and ends when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")

_Task = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[[], Any]]


class Hand:
    """Cheaper than a pool's thread, for a statement takes less time than a pool's bookkeeping."""

    def __init__(self, name: str) -> None:
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        # Nobody waits for it at the end of the process: what is not committed by then never was.
        Thread(target=self._run, name=name, daemon=True).start()

    async def do(self, work: Callable[[], T]) -> T:
        """Do some work and return what it returns; a cancellation is passed on once the work has ended."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._tasks.put((loop, done, work))
        try:
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            await _ended(done)
            raise

    def end(self) -> None:
        """Let the thread end after what it has to do."""
        self._tasks.put(None)

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            loop, done, work = task
            try:
                tell = partial(done.set_result, work())
            except BaseException as error:  # noqa: BLE001 - told to whoever waits
                tell = partial(done.set_exception, error)
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(tell)
            del task, done, work, tell


async def _ended(done: asyncio.Future[Any]) -> None:
    while not done.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([done])
    done.exception()  # looked at, so that asyncio does not report it as forgotten
