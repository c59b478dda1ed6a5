"""The workers as the supervisor sees them: started, watched, started again, stopped."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress

import structlog

from vault.config import Settings
from vault.entrypoints.serve.handover import ACCEPTING, Order
from vault.entrypoints.serve.listening import Listener
from vault.errors import Unavailable

_START_SECONDS = 60.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.2, 30.0
_STEADY_SECONDS = 60.0
"""A worker that ran this long is started again without a longer pause than the first."""
_MARGIN_SECONDS = 10.0
"""What a worker may take beyond the time it gives its requests."""

log = structlog.get_logger("callvault.supervisor")


class Crew:
    """Worker processes around one socket."""

    def __init__(self, settings: Settings, listener: Listener) -> None:
        self._listener = listener.socket.fileno()
        self._order = Order(settings, self._listener).encode()
        self._stop_seconds = settings.limits.shutdown_seconds + _MARGIN_SECONDS
        self._running: set[Process] = set()
        self._keepers: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()

    async def start(self, count: int) -> None:
        """Start the workers; return once all accept connections. Raise `Unavailable` if one can't."""
        processes = await asyncio.gather(*(self._start_one() for _ in range(count)))
        self._keepers = [asyncio.create_task(self._keep(process)) for process in processes]

    async def stop(self) -> None:
        """Ask every worker for a clean end; end at once those that take too long."""
        self._stopping.set()
        self._signal(signal.SIGTERM)
        if self._keepers:
            _, late = await asyncio.wait(self._keepers, timeout=self._stop_seconds)
            if late:
                log.warning("workers had to be killed", count=len(self._running))
        await self.kill()

    async def kill(self) -> None:
        """End every worker now."""
        self._stopping.set()
        self.kill_now()
        await asyncio.gather(*(process.wait() for process in tuple(self._running)))
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)

    def kill_now(self) -> None:
        """Send every worker the signal that it can't refuse; wait for nothing."""
        self._signal(signal.SIGKILL)

    async def _keep(self, process: Process) -> None:
        """Replace a worker that ended, after a pause that grows while it ends quickly."""
        loop, pause_seconds = asyncio.get_running_loop(), _FIRST_PAUSE_SECONDS
        began: float = loop.time()
        while True:
            code = await self._ended(process)
            if self._stopping.is_set():
                return
            if loop.time() - began > _STEADY_SECONDS:
                pause_seconds = _FIRST_PAUSE_SECONDS
            log.error("a worker ended; another starts", code=code, pause_seconds=pause_seconds)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause_seconds)
                return
            pause_seconds = min(pause_seconds * 2, _LONGEST_PAUSE_SECONDS)
            began, process = loop.time(), await self._spawn()

    async def _start_one(self) -> Process:
        """Start a worker and wait until it accepts connections."""
        process = await self._spawn()
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        try:
            async with asyncio.timeout(_START_SECONDS):
                said = await process.stdout.readline()
        except TimeoutError:
            said = b""
        if said != ACCEPTING:
            raise Unavailable("a worker process could not start; the log says why")
        return process

    async def _spawn(self) -> Process:
        # A session of its own: Ctrl-C at a terminal reaches the supervisor alone, which asks for a clean end.
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "vault.entrypoints.serve.worker",
            stdin=PIPE,
            stdout=PIPE,
            pass_fds=[self._listener],
            start_new_session=True,
        )
        self._running.add(process)
        assert process.stdin is not None  # noqa: S101 - it is a pipe
        process.stdin.write(self._order)
        return process

    async def _ended(self, process: Process) -> int:
        code = await process.wait()
        self._running.discard(process)
        return code

    def _signal(self, number: signal.Signals) -> None:
        for process in self._running:
            if process.returncode is None:
                process.send_signal(number)
