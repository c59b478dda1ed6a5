"""A PBX and a customer, as they call the service over HTTP."""

from __future__ import annotations

import hashlib
import io
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientResponse, ClientSession, ClientTimeout, TCPConnector

from tests.harness.vaults import RealVault

CALL_SECONDS = 60.0

Headers = Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """A whole answer: status, headers and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    json: Any

    @property
    def code(self) -> str | None:
        """The stable code of a problem; None for an answer that is none."""
        return self.json.get("code") if isinstance(self.json, dict) else None

    @classmethod
    async def of(cls, response: ClientResponse) -> Answer:
        """Read an answer to its end."""
        body = await response.read()
        structured = response.content_type.endswith("json")
        return cls(response.status, response.headers, body, await response.json() if structured else None)


@dataclass(frozen=True)
class Caller:
    """Calls one service; every call opens a connection of its own, so any worker may answer."""

    url: str
    known: RealVault
    http: ClientSession

    async def call(self, method: str, path: str, **options: Any) -> Answer:  # noqa: ANN401 - aiohttp's own options
        """Make one request."""
        async with self.http.request(method, self.url + path, **options) as response:
            return await Answer.of(response)

    async def upload(
        self,
        name: str,
        content: bytes | AsyncIterator[bytes],
        *,
        own: bool = False,
        headers: Headers | None = None,
    ) -> Answer:
        """Upload as the customer's PBX, or as the company's own source."""
        bearer = self.known.own_bearer if own else self.known.bearer
        sent = {"Authorization": f"Bearer {bearer}", **(headers or {})}
        body = io.BytesIO(content) if isinstance(content, bytes) else content
        return await self.call("PUT", f"/v1/recordings/{name}", data=body, headers=sent)

    async def sign_in(self) -> dict[str, str]:
        """Return the header of a new session by link and password."""
        answer = await self.call(
            "POST",
            "/v1/collect/sessions",
            json={"link": self.known.link, "password": self.known.password},
        )
        assert answer.status == 201, answer.body
        return {"Authorization": f"Bearer {answer.json['token']}"}

    async def waiting(self, session: Headers) -> list[dict[str, Any]]:
        """Return everything that waits, newest first, page by page."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            answer = await self.call("GET", f"/v1/collect/recordings?limit=500{cursor}", headers=session)
            assert answer.status == 200, answer.body
            found += answer.json["items"]
            if answer.json["next"] is None:
                return found
            cursor = f"&cursor={answer.json['next']}"

    async def content(self, session: Headers, recording: str, **headers: str) -> Answer:
        """Read a recording; header names are written with underscores."""
        sent = {**session, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return await self.call("GET", content_path(recording), headers=sent)

    async def receipt(self, session: Headers, recording: str, sha256: str) -> Answer:
        """Send the proof that the customer holds it."""
        path = f"/v1/collect/recordings/{recording}/receipt"
        return await self.call("POST", path, json={"sha256": sha256}, headers=session)

    async def must_wait(self, session: Headers, recording: str, content: bytes) -> None:
        """See that the recording is still listed, and opens as it was sent."""
        assert recording in [item["id"] for item in await self.waiting(session)]
        answer = await self.content(session, recording)
        assert answer.status == 200
        assert hashlib.sha256(answer.body).digest() == hashlib.sha256(content).digest()


def content_path(recording: str) -> str:
    """Return the path of a recording's bytes."""
    return f"/v1/collect/recordings/{recording}/content"


@asynccontextmanager
async def calling(url: str, known: RealVault) -> AsyncIterator[Caller]:
    """Call a service until the block ends."""
    connector = TCPConnector(force_close=True, limit=0)
    async with ClientSession(connector=connector, timeout=ClientTimeout(CALL_SECONDS)) as http:
        yield Caller(url, known, http)
