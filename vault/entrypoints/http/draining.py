"""A clean end: what runs may finish, what comes new is sent elsewhere."""

from __future__ import annotations

import asyncio

from aiohttp import web

from vault.entrypoints.http.problems import Handler
from vault.errors import Overloaded


class InFlight:
    """Counts requests that are being answered, and says when the last has ended."""

    def __init__(self) -> None:
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()
        self.draining = False

    @web.middleware
    async def count(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Count a request; turn it away once the end has begun."""
        if self.draining:
            raise Overloaded("the service is stopping")
        self._count += 1
        self._none.clear()
        try:
            return await handler(request)
        finally:
            self._count -= 1
            if not self._count:
                self._none.set()

    async def drain(self, within_seconds: float) -> bool:
        """Take nothing new, wait for what runs; say whether all of it ended in time."""
        self.draining = True
        try:
            async with asyncio.timeout(within_seconds):
                await self._none.wait()
        except TimeoutError:
            return False
        return True

    async def close_connection(self, _request: web.Request, response: web.StreamResponse) -> None:
        """Tell the client with its answer that this connection ends."""
        if self.draining:
            response.headers["Connection"] = "close"
            response.force_close()


IN_FLIGHT: web.AppKey[InFlight] = web.AppKey("in_flight", InFlight)
