"""A TCP proxy that keeps everything that passes, in either direction: what the network could have seen."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from tests.harness.tcp_proxy import TcpProxy, Way, _Connection


class Wiretap(TcpProxy):
    """Passes everything on, and keeps a copy.

    `flipped` places a byte to change on the way to the client; `flipped_after` is what comes right before it.
    """

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self.heard: dict[Way, bytearray] = {"server": bytearray(), "client": bytearray()}
        self.flipped: int | None = None
        self.flipped_after: bytes | None = None

    @property
    def url(self) -> str:
        """Where a client finds the server, through this."""
        return f"http://{self.address}"

    async def _passed_on(
        self, connection: _Connection, data: bytes, sink: asyncio.StreamWriter, way: Way
    ) -> bytes:
        self.heard[way] += data
        at = -1 if self.flipped is None or way == "server" else self.flipped - connection.passed[way]
        if self.flipped_after is not None and way == "client" and self.flipped_after in data:
            at = data.index(self.flipped_after) + len(self.flipped_after)
        if 0 <= at < len(data):
            data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        return await super()._passed_on(connection, data, sink, way)


@contextmanager
def tapped(url: str) -> Iterator[Wiretap]:
    """Listen in before the service at a plain HTTP URL of this machine."""
    host, _, port = url.removeprefix("http://").partition(":")
    tap = Wiretap(host, int(port))
    tap.start()
    try:
        yield tap
    finally:
        tap.close()
