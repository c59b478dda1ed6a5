"""The service in a fork: the mending, the door and the house-keeping of `callvault serve`, ready at once.

A trial needs it again after every kill, and starting the real one takes longer than the trial.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Protocol

from tests.faults.workers import Worker
from tests.harness.customer import Caller, calling
from tests.harness.vaults import RealVault


class Killable(Protocol):
    """A service that runs, real or in a fork."""

    def caller(self) -> AbstractAsyncContextManager[Caller]:
        """Call it over HTTP."""

    def kill9(self) -> None:
        """End all of it in one moment."""

    async def restarted(self) -> None:
        """End it if it runs, and start it at the same port."""

    async def stopped(self) -> None:
        """End it."""


class Fork:
    """One process that answers at loopback, as a `Killable`."""

    def __init__(self, doer: Worker, known: RealVault) -> None:
        self._doer = doer
        self._known = known
        self._port = 0

    def start(self) -> None:
        """Start it and wait until it accepts connections."""
        self._doer.begin(self._known, "serve", port=self._port)
        self._port = self._doer.wait_for("accepting")["port"]

    @asynccontextmanager
    async def caller(self) -> AsyncIterator[Caller]:
        """Call it over HTTP."""
        async with calling(f"http://127.0.0.1:{self._port}", self._known) as caller:
            yield caller

    def kill9(self) -> None:
        """End it, if it runs."""
        self._doer.kill()

    async def restarted(self) -> None:
        """End it if it runs, and start it at the same port."""
        await self.stopped()
        await asyncio.to_thread(self.start)

    async def stopped(self) -> None:
        """End it: a fork is not told to stop."""
        await asyncio.to_thread(self.kill9)


@contextmanager
def serving_in_a_fork(doer: Worker, known: RealVault) -> Iterator[Fork]:
    """Serve a vault; end that whatever happens."""
    fork = Fork(doer, known)
    try:
        fork.start()
        yield fork
    finally:
        fork.kill9()
