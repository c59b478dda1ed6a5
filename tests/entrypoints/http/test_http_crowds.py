"""Connections are shared out: whoever opens as many as they can keeps nobody else out."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from tests.harness.http_door import WAIT_SECONDS, HttpDoor, Wire, opened, request_head
from tests.harness.vaults import RealVault
from vault.entrypoints.http.addresses import Proxies
from vault.entrypoints.http.context import Patience
from vault.entrypoints.http.crowd import Crowd

MOST = 16
SHARE = MOST // 4
BRIEF = Patience(stall=1.0)
STEP_SECONDS = 0.02
ANSWERS, SIP_BYTES = 8, 16
"""As many as wait together without filling a connection, and how little is taken at a time."""


@pytest.fixture
async def small(real_vault: RealVault) -> AsyncIterator[HttpDoor]:
    """A door with room for few."""
    async with opened(real_vault, crowd=Crowd(Proxies(), MOST)) as door:
        yield door


async def connected(door: HttpDoor, address: str, *, room: int | None = None) -> Wire:
    """Connect from an address of this machine, with so much room for answers."""
    connection = socket.socket()
    if room is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    connection.bind((address, 0))
    connection.settimeout(0)
    await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", door.port))
    return Wire(*await asyncio.open_connection(sock=connection, limit=1024))


async def answered(wire: Wire) -> bool:
    """Say whether the door answers on a connection, or has closed it."""
    try:
        await wire.send(request_head("GET /healthz"))
        return (await wire.head()).startswith(b"HTTP/1.1 200")
    except (ConnectionError, asyncio.IncompleteReadError):
        return False


async def test_one_address_keeps_nobody_out(small: HttpDoor) -> None:
    """Beyond its share an address is turned away; others get in, and it too once it lets go."""
    crowd = [await connected(small, "127.0.0.2") for _ in range(MOST)]
    held = [wire for wire in crowd if await answered(wire)]
    good = await connected(small, "127.0.0.3")

    assert len(held) == SHARE
    assert await answered(good)
    held[0].writer.close()
    async with asyncio.timeout(WAIT_SECONDS):
        while not await answered(again := await connected(small, "127.0.0.2")):
            again.writer.close()
    for wire in (*crowd, good, again):
        wire.writer.close()


def test_networks_have_a_share_and_proxies_the_whole() -> None:
    """An IPv6 /64 counts as one; a declared proxy speaks for many; all together never hold more."""
    crowd = Crowd(Proxies.parse(["10.0.0.0/8"]), MOST)
    site = [crowd.enter(f"2001:db8::{number:x}") for number in range(MOST)]
    proxied = [crowd.enter("10.0.0.1") for _ in range(MOST)]

    assert len([each for each in site if each]) == SHARE
    assert len([each for each in proxied if each]) == MOST - SHARE
    assert crowd.enter("192.0.2.1") is None
    crowd.leave("10.0.0.1")
    assert crowd.enter("192.0.2.1") == "192.0.2.1"
    assert crowd.enter("::ffff:192.0.2.1") is None


async def test_an_answer_taken_in_sips_is_given_up(real_vault: RealVault) -> None:
    """Whoever takes the rest of an answer as slowly as they can is cut off like one who takes nothing."""
    async with opened(real_vault, patience=BRIEF) as door:
        wire = await connected(door, "127.0.0.1", room=4096)
        server = door.door._runner.server
        assert server is not None
        async with asyncio.timeout(WAIT_SECONDS):
            while not server.connections:  # noqa: ASYNC110 - nothing tells when a door has accepted
                await asyncio.sleep(STEP_SECONDS)
        (connection,) = server.connections
        assert connection.transport is not None
        peer = connection.transport.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 0)  # a patient kernel: sips suffice it
        wire.writer.write(
            request_head("GET /collect") * ANSWERS + request_head("GET /collect", "Connection: close")
        )
        async with asyncio.timeout(WAIT_SECONDS):
            while server.connections:
                await wire.reader.read(SIP_BYTES)
                await asyncio.sleep(STEP_SECONDS)
        wire.writer.transport.abort()
