"""Blocking work off the event loop, which ends before its caller goes on, cancelled or not.

A thread can't be stopped. If a cancelled caller went on at once, its thread would still be writing
while the caller cleans up, and could write to a descriptor that by then belongs to something else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Threads:
    """A bounded pool of its own, for one disk.

    The loop's default pool is shared with sealing and has about as many threads as cores. Here threads
    mostly sleep in fsync, and file systems join the fsyncs that wait together into one commit, so more
    threads than cores pay; in the shared pool they would keep the processors from their work.
    Threads start when they are needed and end with the pool.
    """

    def __init__(self, name: str, count: int) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix=name)

    def start(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[R]:
        """Begin `work`; hand the future to `finished` or `settled`, never to a bare await."""
        return asyncio.wrap_future(self._pool.submit(work, *args, **kwargs))

    async def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `work` on a thread and return what it returns; where no event loop runs, on this one."""
        if not _on_a_loop():
            return work(*args, **kwargs)
        return await finished(self.start(work, *args, **kwargs))

    def close(self) -> None:
        """Take no more work and let the threads go when what runs is done."""
        self._pool.shutdown(wait=False)


def _on_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


async def finished(work: asyncio.Future[R]) -> R:
    """Return what the work returns; a cancellation is passed on only once the work has ended."""
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await settled(work)
        raise


async def settled(work: asyncio.Future[R]) -> None:
    """Wait until the work has ended, however it ended, and however often the caller is cancelled."""
    while not work.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([work])
    if not work.cancelled():
        work.exception()  # looked at, so that asyncio does not report it as forgotten
