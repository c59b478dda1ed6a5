"""The wish to stop: the first SIGTERM or SIGINT asks for a clean end, the second ends at once."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class StopWish:
    """Waited for by whoever runs."""

    def __init__(self, at_once: Callable[[], None]) -> None:
        self._wished = asyncio.Event()
        self._at_once = at_once

    def __call__(self) -> None:
        """Take a signal."""
        if self._wished.is_set():
            self._at_once()
        self._wished.set()

    async def wait(self) -> None:
        """Wait for the first signal."""
        await self._wished.wait()


@contextmanager
def stop_wish(at_once: Callable[[], None]) -> Iterator[StopWish]:
    """Take the signals of this process; call `at_once` on the second."""
    loop, wish = asyncio.get_running_loop(), StopWish(at_once)
    signals = (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        loop.add_signal_handler(number, wish)
    try:
        yield wish
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
