"""The real HTTP door over a real vault, on a loopback port; and a client that may break every rule."""

from __future__ import annotations

import asyncio
import io
import re
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus

import msgspec
from aiohttp import ClientResponse, ClientSession, web

from tests.harness.vaults import RealVault
from vault.config import Settings
from vault.entrypoints.http.app import create_app
from vault.entrypoints.http.connection import Door
from vault.entrypoints.http.context import USUAL_PATIENCE, Patience
from vault.entrypoints.http.crowd import Crowd
from vault.ports.log import EventFilter
from vault.ports.repositories import RecordingFilter
from vault.ports.vault import PasswordChecks, Vault

WAIT_SECONDS = 20.0
"""How long a test waits for what must come; long, because a test that waits this long has failed."""


@dataclass(frozen=True)
class HttpDoor:
    """A door that is open, with what stands before and behind it."""

    door: Door
    app: web.Application
    known: RealVault
    vault: Vault
    client: ClientSession
    port: int

    def url(self, path: str) -> str:
        """Return the URL of a path."""
        return f"http://127.0.0.1:{self.port}{path}"

    @property
    def bearer(self) -> dict[str, str]:
        """The source's header."""
        return {"Authorization": f"Bearer {self.known.bearer}"}

    async def put(self, name: str, content: bytes, **headers: str) -> ClientResponse:
        """Upload as the PBX; header names are written with underscores."""
        sent = {key.replace("_", "-"): value for key, value in headers.items()}
        return await self.client.put(
            self.url(f"/v1/recordings/{name}"), data=io.BytesIO(content), headers=self.bearer | sent
        )

    async def sign_in(self) -> dict[str, str]:
        """Return the header of a customer's session."""
        answer = await self.client.post(
            self.url("/v1/collect/sessions"),
            json={"link": self.known.link, "password": self.known.password},
        )
        assert answer.status == 201, await answer.text()
        return {"Authorization": f"Bearer {(await answer.json())['token']}"}

    async def waiting(self, session: Mapping[str, str]) -> list[dict[str, object]]:
        """Return what waits for the customer."""
        answer = await self.client.get(self.url("/v1/collect/recordings"), headers=session)
        items = (await answer.json())["items"]
        assert isinstance(items, list)
        return items

    async def actions(self) -> list[str]:
        """Return the actions in the access log, oldest first."""
        async with self.vault.reading() as rows:
            entries = await rows.events.list(EventFilter(), limit=1000)
        return [msgspec.json.decode(entry.record)["action"] for entry in reversed(entries)]

    async def nothing_kept(self) -> bool:
        """Say whether neither a row nor a blob is there."""
        async with self.vault.reading() as rows:
            rows_kept = await rows.recordings.list(RecordingFilter())
        future = self.vault.clock.now().replace(year=2999)
        return not rows_kept and not [key async for key in self.vault.blobs.keys(older_than=future)]

    async def answers_to(self, *pieces: bytes) -> list[Answered]:
        """Send bytes as they are, and a last request behind them; return every answer until the door closes.

        Who smuggles a request shows by one answer more. The last one is not told.
        """
        async with self.wire() as wire:
            try:
                await wire.send(*pieces, request_head("GET /the-last", "Connection: close"))
                came = await wire.rest()
            except ConnectionError:
                came = b""
        found = list(_answers_in(came))
        return found[:-1] if found and found[-1].status == HTTPStatus.NOT_FOUND else found

    @asynccontextmanager
    async def wire(self) -> AsyncIterator[Wire]:
        """Connect without a library in between."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield Wire(reader, writer)
        finally:
            writer.close()


@dataclass(frozen=True)
class Answered:
    """An answer as it came: its status, its head, its whole body."""

    status: int
    head: bytes
    body: bytes


def _answers_in(came: bytes) -> Iterator[Answered]:
    """Take answers apart by their lengths."""
    while came:
        head, _, rest = came.partition(b"\r\n\r\n")
        told = re.search(rb"(?i)^content-length: (\d+)\r?$", head, re.MULTILINE)
        length = int(told[1]) if told else 0
        yield Answered(int(head.split()[1]), head, rest[:length])
        came = rest[length:]


@dataclass(frozen=True)
class Wire:
    """A bare connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, *pieces: bytes) -> None:
        """Send bytes as they are."""
        for piece in pieces:
            self.writer.write(piece)
        await self.writer.drain()

    async def head(self) -> bytes:
        """Return the next head of an answer, interim ones included."""
        async with asyncio.timeout(WAIT_SECONDS):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def rest(self) -> bytes:
        """Return whatever comes until the other side closes."""
        async with asyncio.timeout(WAIT_SECONDS):
            return await self.reader.read(-1)


def request_head(line: str, *headers: str) -> bytes:
    """Return a request's head, its lines as given."""
    return "\r\n".join((f"{line} HTTP/1.1", "Host: vault", *headers, "", "")).encode(
        "utf-8", "surrogateescape"
    )


@asynccontextmanager
async def opened(
    known: RealVault,
    *,
    settings: Settings | None = None,
    patience: Patience = USUAL_PATIENCE,
    crowd: Crowd | None = None,
    passwords: PasswordChecks | None = None,
) -> AsyncIterator[HttpDoor]:
    """Open the door of a vault on a free port."""
    async with known.opened() as found:
        vault = found if passwords is None else replace(found, passwords=passwords)
        listener = socket.create_server(("127.0.0.1", 0))
        app = create_app(vault, settings or known.settings, patience)
        door = Door(app, crowd)
        await door.open(listener)
        async with ClientSession() as client:
            yield HttpDoor(door, app, known, vault, client, listener.getsockname()[1])
        await door.close(WAIT_SECONDS)
