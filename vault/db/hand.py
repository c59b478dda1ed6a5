"""A thread that does one thing after another for the event loop, and ends when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from threading import Thread, get_ident
from typing import Any, TypeVar

T = TypeVar("T")

_Task = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[[], Any]]


class Hand:
    """Cheaper than a pool's thread, for a statement takes less time than a pool's bookkeeping."""

    def __init__(self, name: str) -> None:
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        # Nobody waits for it at the end of the process: what is not committed by then never was.
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def do(self, work: Callable[[], T]) -> T:
        """Do some work and return what it returns; a cancellation is passed on once the work has ended.

        Asked by a coroutine that is carried out by this hand, it is done there and then.
        """
        if get_ident() == self._thread.ident:
            return work()
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._tasks.put((loop, done, work))
        try:
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            await _ended(done)
            raise

    async def carry_out(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine on the thread, from its beginning to its end, in one trip.

        It may await what this hand does, and what needs no event loop; for anything else it gets a
        `RuntimeError`.
        """
        return await self.do(lambda: _to_the_end(work()))

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


def _to_the_end(work: Coroutine[Any, Any, T]) -> T:
    try:
        work.send(None)
    except StopIteration as end:
        answer: T = end.value
        return answer
    work.close()
    raise RuntimeError("work on this thread can't wait for the event loop")


async def _ended(done: asyncio.Future[Any]) -> None:
    while not done.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([done])
    done.exception()  # looked at, so that asyncio does not report it as forgotten
