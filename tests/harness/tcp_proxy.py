"""A TCP proxy that makes the network between a client and a server as bad as a test wants it.

It runs on a thread with an event loop of its own, so it goes on while a test blocks, and every method may
be called from anywhere. What a method says holds for the connections that are there and for those to come.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

Way = Literal["server", "client"]
"""Where bytes go: a request goes towards the server, an answer towards the client."""

_READ_BYTES = 64 << 10
_DRIPS_A_SECOND = 20
# Closing a socket whose linger time is zero sends RST instead of FIN (socket(7), SO_LINGER).
_NO_LINGER = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class _Trouble:
    """What the proxy does to every connection."""

    refuses: bool = False
    stalls: bool = False
    bytes_per_second: int | None = None
    resets_after: int | None = None
    towards: Way = "server"


class _Connection:
    """One client and its connection to the server."""

    def __init__(self, client: asyncio.StreamWriter) -> None:
        self._writers = [client]
        self.passed: dict[Way, int] = {"server": 0, "client": 0}

    def joined(self, server: asyncio.StreamWriter) -> None:
        """Note the server's side."""
        self._writers.append(server)

    def reset(self) -> None:
        """End both sides with RST, as a firewall or a crash does."""
        for writer in self._writers:
            with suppress(OSError):
                sock: socket.socket = writer.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            writer.transport.abort()

    def close(self) -> None:
        """End both sides."""
        for writer in self._writers:
            writer.transport.abort()


class TcpProxy:
    """Passes everything on to `host:port` until told otherwise."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._trouble = _Trouble()
        self._changed = asyncio.Event()
        self._connections: set[_Connection] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tcp-proxy", daemon=True)
        self._listener: asyncio.Server | None = None
        self.port = 0
        self.accepted = 0

    @property
    def address(self) -> str:
        """What a client connects to, as `host:port`."""
        return f"127.0.0.1:{self.port}"

    def forward(self) -> None:
        """Pass everything on, as at the start; what was stalled goes on."""
        self._call(self._set, _Trouble())

    def stall(self) -> None:
        """Take connections and bytes, pass nothing on in either direction, close nothing."""
        self._call(self._set, _Trouble(stalls=True))

    def drip(self, *, bytes_per_second: int) -> None:
        """Pass bytes on slowly, in either direction."""
        self._call(self._set, _Trouble(bytes_per_second=bytes_per_second))

    def refuse(self) -> None:
        """Reset every connection that is there, and every new one as soon as it comes."""
        self._call(self._set, _Trouble(refuses=True))
        self.reset()

    def reset(self) -> None:
        """Reset the connections that are there; new ones are served as before."""
        self._call(self._reset_all)

    def reset_after(self, passed_bytes: int, *, towards: Way) -> None:
        """Reset each connection once so many of its bytes went that way: 0 lets none of them through."""
        self._call(self._set, _Trouble(resets_after=passed_bytes, towards=towards))

    def start(self) -> None:
        """Listen on a free port of this machine."""
        self._thread.start()
        self._listener = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop
        ).result()
        self.port = self._listener.sockets[0].getsockname()[1]

    def close(self) -> None:
        """End every connection, the listener and the thread."""
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, change: Callable[..., None], *args: object) -> None:
        """Run a change on the proxy's loop; it holds when this returns."""
        done = threading.Event()

        def changed() -> None:
            change(*args)
            done.set()

        self._loop.call_soon_threadsafe(changed)
        done.wait()

    def _set(self, trouble: _Trouble) -> None:
        self._trouble = trouble
        for connection in self._connections:
            connection.passed = {"server": 0, "client": 0}
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _reset_all(self) -> None:
        for connection in tuple(self._connections):
            connection.reset()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        connection = _Connection(writer)
        self._connections.add(connection)
        try:
            if self._trouble.refuses:
                connection.reset()
                return
            from_server, to_server = await asyncio.open_connection(*self._server)
            connection.joined(to_server)
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._pump(connection, reader, to_server, "server"))
                pumps.create_task(self._pump(connection, from_server, writer, "client"))
        except* (OSError, EOFError):
            pass  # either side went away: the other hears of it by `close`
        finally:
            self._connections.discard(connection)
            connection.close()

    async def _pump(
        self, connection: _Connection, source: asyncio.StreamReader, sink: asyncio.StreamWriter, way: Way
    ) -> None:
        while data := await source.read(_READ_BYTES):
            while data := await self._passed_on(connection, data, sink, way):
                pass
        with suppress(OSError):
            sink.write_eof()

    async def _passed_on(
        self, connection: _Connection, data: bytes, sink: asyncio.StreamWriter, way: Way
    ) -> bytes:
        """Pass on what may pass now; return the rest."""
        trouble, changed = self._trouble, self._changed
        if trouble.stalls:
            await changed.wait()
            return data
        size = len(data)
        if trouble.bytes_per_second is not None:
            await asyncio.sleep(1 / _DRIPS_A_SECOND)
            size = max(1, trouble.bytes_per_second // _DRIPS_A_SECOND)
        if trouble.resets_after is not None and trouble.towards == way:
            size = trouble.resets_after - connection.passed[way]
        sink.write(data[:size])
        await sink.drain()
        connection.passed[way] += min(size, len(data))
        if connection.passed[way] == trouble.resets_after and trouble.towards == way:
            connection.reset()
            raise EOFError
        return data[size:]

    async def _shut(self) -> None:
        assert self._listener is not None
        self._listener.close()
        self._set(_Trouble())
        for connection in self._connections:
            connection.close()
        await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}), return_exceptions=True)


@contextmanager
def proxying(host: str, port: int) -> Iterator[TcpProxy]:
    """Run a proxy in front of a server; end it whatever happens."""
    proxy = TcpProxy(host, port)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.close()
