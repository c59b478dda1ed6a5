"""What handlers share: the vault, the settings, who asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from vault.config import Settings
from vault.domain.event import Actor, Channel
from vault.domain.source import Source
from vault.entrypoints.http.addresses import Proxies
from vault.errors import Overloaded
from vault.ports.vault import Vault


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the network is waited for, in seconds.

    `request` is for the next request on a connection, or the rest of its head; `idle` for a sender that sends
    nothing, or next to nothing; `stall` for a reader that takes nothing; `turn` for a free place among the
    uploads.
    """

    request: float = 75.0
    idle: float = 30.0
    stall: float = 60.0
    turn: float = 5.0


USUAL_PATIENCE = Patience()


class UploadTurns:
    """At most so many uploads at a time; whoever waits too long for a turn is told to come again."""

    def __init__(self, at_once: int, wait_seconds: float) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._wait_seconds = wait_seconds

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Hold a turn; raise `Overloaded` when none comes free in a short while."""
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._turns.acquire()
        except TimeoutError:
            raise Overloaded("too many uploads at once") from None
        try:
            yield
        finally:
            self._turns.release()


VAULT: web.AppKey[Vault] = web.AppKey("vault", Vault)
SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)
PROXIES: web.AppKey[Proxies] = web.AppKey("proxies", Proxies)
TURNS: web.AppKey[UploadTurns] = web.AppKey("turns", UploadTurns)
PATIENCE: web.AppKey[Patience] = web.AppKey("patience", Patience)


def client_address(request: web.Request) -> str:
    """Return the address of whoever asks, as declared proxies tell it."""
    return request.app[PROXIES].client(peer_address(request), request.headers)


def peer_address(request: web.Request) -> str:
    """Return the address at the other end of the connection."""
    peer = request.transport.get_extra_info("peername") if request.transport is not None else None
    return str(peer[0]) if isinstance(peer, tuple) else ""


def visitor_actor(request: web.Request) -> Actor:
    """Return whoever asks, before it is known who that is."""
    return Actor(id="visitor", name="visitor", channel=Channel.HTTP, address=client_address(request))


def source_actor(request: web.Request, source: Source) -> Actor:
    """Return the source as it enters the log."""
    address = client_address(request)
    return Actor(id=f"source:{source.id}", name=source.name, channel=Channel.HTTP, address=address)
