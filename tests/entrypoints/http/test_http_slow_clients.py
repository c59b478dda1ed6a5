"""Slow clients, many at once: they end by the door's limits, and who is not slow is served meanwhile."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import AsyncIterator, Mapping

import pytest

from tests.harness.http_door import WAIT_SECONDS, HttpDoor, Wire, opened, request_head
from tests.harness.vaults import RealVault
from vault.entrypoints.http.context import Patience

SLOW_OF_A_KIND = 40
IMPATIENT = Patience(request=1.0, idle=1.0, stall=1.0, turn=5.0)
SOUND = bytes(range(256)) * 4096  # 1 MiB
LARGE = bytes(24 << 20)
"""More than the buffers of a loopback connection hold."""


@pytest.fixture
async def hurried(real_vault: RealVault) -> AsyncIterator[HttpDoor]:
    """A door whose limits of time are a second each."""
    async with opened(real_vault, patience=IMPATIENT) as door:
        yield door


def slow_shapes(door: HttpDoor, session: str, recording: str) -> list[tuple[bytes, bytes]]:
    """Return what each kind of slow client sends at first, and then again and again."""
    bearer = f"Authorization: Bearer {door.known.bearer}"
    return [
        (b"", b""),
        (b"GET / HTTP/1.1\r\nHost: v\r\n", b"X: y\r\n"),
        (request_head("PUT /v1/recordings/slow", bearer, "Content-Length: 100000"), b"s"),
        (request_head("PUT /v1/recordings/slow", bearer, "Transfer-Encoding: chunked"), b"1\r\ns\r\n"),
        (
            request_head(
                "POST /v1/collect/sessions", "Content-Type: application/json", "Content-Length: 10000"
            ),
            b" ",
        ),
        (request_head(f"GET /v1/collect/recordings/{recording}/content", f"Authorization: {session}"), b""),
    ]


async def connected_narrowly(door: HttpDoor) -> Wire:
    """Connect with as little room for answers as the system lets one have."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(0)
    await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", door.port))
    return Wire(*await asyncio.open_connection(sock=connection, limit=1024))


async def drip(door: HttpDoor, first: bytes, drop: bytes) -> None:
    """Be slow for as long as the door lets one; never take what it says."""
    wire = await connected_narrowly(door)
    try:
        wire.writer.write(first)
        while not wire.writer.is_closing():
            wire.writer.write(drop)
            await asyncio.sleep(0.2)
    finally:
        wire.writer.transport.abort()


async def all_ended(door: HttpDoor) -> None:
    """Wait until the door holds no connection any more."""
    server = door.door._runner.server
    assert server is not None
    async with asyncio.timeout(WAIT_SECONDS):
        while server.connections:  # noqa: ASYNC110 - the door's own timers end them: nothing to wait on
            await asyncio.sleep(0.05)


async def collect(door: HttpDoor, session: Mapping[str, str]) -> str:
    """Upload and collect as those do who are not slow; return what became of the recording."""
    receipt = await (await door.put("good.wav", SOUND)).json()
    path = f"/v1/collect/recordings/{receipt['recording']}"
    answer = await door.client.get(door.url(f"{path}/content"), headers=session)
    digest = hashlib.sha256(await answer.read()).hexdigest()
    proof = await door.client.post(door.url(f"{path}/receipt"), json={"sha256": digest}, headers=session)
    return str((await proof.json())["state"])


async def test_who_is_not_slow_is_served(hurried: HttpDoor) -> None:
    """Heads, bodies and readers that crawl hold nothing for ever; a good client uploads and collects."""
    session = await hurried.sign_in()
    large = (await (await hurried.put("large.wav", LARGE)).json())["recording"]
    slow = [
        asyncio.create_task(drip(hurried, first, drop))
        for first, drop in slow_shapes(hurried, session["Authorization"], large)
        for _ in range(SLOW_OF_A_KIND)
    ]
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            assert await collect(hurried, session) == "shredded"
        await hurried.client.close()
        await all_ended(hurried)
    finally:
        for each in slow:
            each.cancel()
        await asyncio.gather(*slow, return_exceptions=True)

    actions = await hurried.actions()
    assert (actions.count("recording.sealed"), actions.count("recording.shredded")) == (2, 1)


@pytest.mark.parametrize("answers", [1, 64])
async def test_answers_that_nobody_takes_are_given_up(hurried: HttpDoor, answers: int) -> None:
    """A reader that takes nothing is cut off, few or many answers behind it."""
    wire = await connected_narrowly(hurried)
    await wire.send(request_head("GET /openapi.json") * answers)

    await all_ended(hurried)
    wire.writer.transport.abort()
