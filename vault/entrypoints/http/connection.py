"""Connections: aiohttp's own, with our limits, and our answer to what is no HTTP at all."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import cast

import structlog
from aiohttp import http_parser, web
from aiohttp.web_protocol import RequestHandler

from vault.entrypoints.http.answers import SERVER, Problem
from vault.entrypoints.http.context import PATIENCE, PROXIES, Patience
from vault.entrypoints.http.crowd import Crowd
from vault.entrypoints.http.draining import IN_FLIGHT
from vault.entrypoints.http.problems import internal_problem, render
from vault.errors import ConfigInvalid

_LINGER_SECONDS = 5.0
"""How long a refused body is still read and dropped, so that the sender sees the refusal."""
_READ_AHEAD_BYTES = 256 * 1024
"""How much of a body may wait before its connection is paused (at twice as much): work goes on meanwhile."""
_HANDSHAKE_SECONDS = 10.0
_CLOSING_SECONDS = 2.0

log = structlog.get_logger("callvault.http")


class Connection(RequestHandler):
    """One connection. Bodies are never decompressed, whatever they say of themselves.

    Nothing of it is waited for without an end: neither a head, nor a body, nor that an answer is taken.
    """

    __slots__ = ("_crowd", "_network", "_patience", "_untaken")

    def __init__(
        self, manager: web.Server, loop: asyncio.AbstractEventLoop, patience: Patience, crowd: Crowd
    ) -> None:
        super().__init__(
            manager,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # None is how aiohttp is told to write none
            keepalive_timeout=patience.request,
            lingering_time=_LINGER_SECONDS,
            auto_decompress=False,
            read_bufsize=_READ_AHEAD_BYTES,
        )
        self._patience = patience
        self._crowd = crowd
        self._network: str | None = None
        self._untaken: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take it in, unless its network has its share.

        The kernel gives up a peer that takes nothing, too: a closed connection may still hold bytes.
        """
        # uvloop's transports are asyncio's by shape alone.
        if not self._enter(cast("asyncio.Transport", transport)):
            return
        super().connection_made(transport)
        peer = transport.get_extra_info("socket")
        if peer is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
            milliseconds = max(1, round(self._patience.stall * 1000))
            with suppress(OSError):  # no TCP, or gone again
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)

    def _enter(self, transport: asyncio.Transport) -> bool:
        name = transport.get_extra_info("peername")
        self._network = self._crowd.enter(str(name[0]) if isinstance(name, tuple) else "")
        if self._network is None:
            transport.abort()
            return False
        # Writing is paused while a single byte waits here, and goes on once the kernel has them all:
        # whoever takes an answer byte by byte has as long for all of it as who takes nothing.
        transport.set_write_buffer_limits(high=1, low=0)
        return True

    def pause_writing(self) -> None:
        """Give the peer so long to take what waits, and no longer."""
        super().pause_writing()
        self._untaken = self._loop.call_later(self._patience.stall, self._abort)

    def resume_writing(self) -> None:
        """Go on."""
        super().resume_writing()
        self._forget_untaken()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget the peer."""
        super().connection_lost(exc)
        self._forget_untaken()
        if self._network is not None:
            self._crowd.leave(self._network)
            self._network = None

    def _abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def _forget_untaken(self) -> None:
        if self._untaken is not None:
            self._untaken.cancel()
            self._untaken = None

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - it may quote what came, so it is not told
    ) -> web.StreamResponse:
        """Answer what could not be read as HTTP; aiohttp's own text would repeat it."""
        if request.writer.output_size > 0:
            raise ConnectionResetError("the answer had begun")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            answer = internal_problem(exc if isinstance(exc, Exception) else RuntimeError())
        else:
            log.info("not HTTP", status=status, error=type(exc).__name__)
            answer = render(Problem("Bad Request", 400, "this is not valid HTTP", "invalid_request"))
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Server"] = SERVER
        answer.force_close()
        return answer


class Door:
    """An application that accepts connections on sockets of its own until it is closed."""

    def __init__(self, app: web.Application, crowd: Crowd | None = None) -> None:
        require_c_parser()
        self._app = app
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_CLOSING_SECONDS)
        self._crowd = Crowd(app[PROXIES]) if crowd is None else crowd
        self._servers: list[asyncio.Server] = []

    async def open(self, listener: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        """Accept connections on a bound socket."""
        await self._runner.setup()
        self._servers.append(
            await asyncio.get_running_loop().create_server(
                self._factory(),
                sock=listener,
                ssl=tls,
                ssl_handshake_timeout=_HANDSHAKE_SECONDS if tls else None,
                backlog=1024,
            )
        )

    async def close(self, within_seconds: float) -> bool:
        """Stop accepting, let what runs end, close the rest; say whether everything ended in time."""
        for server in self._servers:
            server.close()
        ended = await self._app[IN_FLIGHT].drain(within_seconds)
        await self._runner.cleanup()
        return ended

    def _factory(self) -> Callable[[], asyncio.Protocol]:
        manager, loop = self._runner.server, asyncio.get_running_loop()
        assert manager is not None  # noqa: S101 - `setup` made it
        patience, crowd = self._app[PATIENCE], self._crowd
        return lambda: Connection(manager, loop, patience, crowd)


def require_c_parser() -> None:
    """Raise `ConfigInvalid` unless aiohttp parses by its C parser (llhttp).

    The Python one is many times slower, and stands alone: proxies parse like llhttp, or stricter.
    """
    if http_parser.HttpRequestParser is http_parser.HttpRequestParserPy:
        raise ConfigInvalid(
            "aiohttp runs without its C parser; install a built wheel and unset AIOHTTP_NO_EXTENSIONS"
        )
