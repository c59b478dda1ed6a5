"""A client that costs little: blocking sockets and whole buffers, so that the server is what is measured."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

PIECE_BYTES = 1 << 20
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Peer:
    """A server that runs: where it listens, where files lie below it, what it asks for in the head."""

    port: int
    path: str = "/"
    headers: Mapping[str, str] = field(default_factory=dict)
    pid: int = 0

    @contextmanager
    def connected(self) -> Iterator[http.client.HTTPConnection]:
        """Open a connection that is used again and again."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.connect()
            yield connection
        finally:
            connection.close()


def put(connection: http.client.HTTPConnection, peer: Peer, name: str, body: bytes) -> bytes:
    """Upload one file and return the answer."""
    connection.request("PUT", peer.path + name, body=body, headers=dict(peer.headers))
    return _must_succeed(connection.getresponse())


def get(connection: http.client.HTTPConnection, peer: Peer, name: str) -> bytes:
    """Return one small file."""
    connection.request("GET", peer.path + name, headers=dict(peer.headers))
    return _must_succeed(connection.getresponse())


def put_pieces(peer: Peer, name: str, pieces: Iterable[bytes], length: int) -> float:
    """Upload a large file piece by piece; return the seconds until its answer."""
    with peer.connected() as connection:
        begun = time.perf_counter()
        connection.putrequest("PUT", peer.path + name, skip_accept_encoding=True)
        for header, value in {**peer.headers, "Content-Length": str(length)}.items():
            connection.putheader(header, value)
        connection.endheaders()
        for piece in pieces:
            connection.send(piece)
        _must_succeed(connection.getresponse())
        return time.perf_counter() - begun


def get_all(peer: Peer, name: str, length: int) -> float:
    """Read a large file and drop it; return the seconds until its last byte."""
    room = memoryview(bytearray(PIECE_BYTES))
    with peer.connected() as connection:
        begun = time.perf_counter()
        connection.request("GET", peer.path + name, headers=dict(peer.headers))
        answer, read = connection.getresponse(), 0
        if answer.status != http.client.OK:
            raise RuntimeError(f"{answer.status} {answer.read(500)!r}")
        while count := answer.readinto(room):
            read += count
        if read != length:
            raise RuntimeError(f"{read} bytes came instead of {length}")
        return time.perf_counter() - begun


def first_byte(connection: http.client.HTTPConnection, peer: Peer, name: str, span: tuple[int, int]) -> float:
    """Ask for bytes [first, last]; return the seconds until the first one came, and read the rest."""
    begun = time.perf_counter()
    headers = {**peer.headers, "Range": f"bytes={span[0]}-{span[1]}"}
    connection.request("GET", peer.path + name, headers=headers)
    answer = connection.getresponse()
    answer.read(1)
    took = time.perf_counter() - begun
    if answer.status != http.client.PARTIAL_CONTENT or len(answer.read()) != span[1] - span[0]:
        raise RuntimeError(f"{answer.status} to {headers['Range']}")
    return took


def call(
    connection: http.client.HTTPConnection, peer: Peer, method: str, path: str, body: object = None
) -> Any:  # noqa: ANN401 - whatever the JSON holds
    """Send JSON, read JSON."""
    sent = None if body is None else json.dumps(body).encode()
    connection.request(method, path, body=sent, headers={**peer.headers, "Content-Type": "application/json"})
    return json.loads(_must_succeed(connection.getresponse()) or b"null")


def _must_succeed(answer: http.client.HTTPResponse) -> bytes:
    body = answer.read()
    if answer.status >= http.client.MULTIPLE_CHOICES:
        raise RuntimeError(f"{answer.status} {body[:500]!r}")
    return body
