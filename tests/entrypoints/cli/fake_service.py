"""The HTTP contract as a client sees it, over recordings in memory, with faults on order."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp import web
from aiohttp.test_utils import TestServer

from keys.secret import Secret
from keys.signing import NoteSigner
from vault.audit.checkpoint import Checkpoint
from vault.audit.entry import Entry
from vault.audit.tlog_proof import prove_entry
from vault.audit.tree import leaf_hash

TOKEN, PASSWORD, LINK = "source-token", "correct-horse", "link-token"
SIGNER = NoteSigner("callvault/fake", Secret(bytes(32)))
Fault = Callable[[web.Request], Awaitable[web.StreamResponse | None]]


def certificate_of(
    recording: str, sha256: str, *, action: str = "recording.shredded", signer: NoteSigner = SIGNER
) -> str:
    """Return the certificate of a log that holds nothing else."""
    entry = Entry(
        index=0,
        time=datetime(2026, 11, 22, tzinfo=UTC),
        actor="customer:x",
        action=action,
        outcome="done",
        channel="http",
        recording=recording,
        facts={"sha256": sha256},
    )
    note = Checkpoint(signer.verifier.name, 1, leaf_hash(entry.encode())).sign(signer)
    return prove_entry(entry.encode(), 0, (), note).encode().decode()


@dataclass
class FakeService:
    """What waits, what was said, and the faults still to come: one a request, by `METHOD path-suffix`."""

    waiting: dict[str, tuple[str | None, bytes]] = field(default_factory=dict)
    answer_state: str = "shredded"
    list_state: str = "waiting"
    listed: bool = True
    page: int = 2
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    ranges: list[str | None] = field(default_factory=list)
    receipts: list[tuple[str, str]] = field(default_factory=list)
    certificates: dict[str, str] = field(default_factory=dict)
    uploaded: list[tuple[str, bytes, dict[str, list[str]]]] = field(default_factory=list)
    base_url: str = ""
    stalled: asyncio.Event = field(default_factory=asyncio.Event)

    def count(self, method: str) -> int:
        """Return how many requests of a method came."""
        return Counter(line.split()[0] for line in self.seen)[method]

    def fault(self, what: str, *faults: Fault) -> None:
        """Order faults for the next requests such as `PUT a.wav`."""
        self.faults.setdefault(what, []).extend(faults)

    def application(self) -> web.Application:
        """Return the routes of the contract."""
        app = web.Application(middlewares=[self._faults], client_max_size=1 << 30)
        app.router.add_get("/v1/source", self._source)
        app.router.add_put("/v1/recordings/{name}", self._upload)
        app.router.add_post("/v1/collect/sessions", self._sign_in)
        app.router.add_delete("/v1/collect/sessions/current", self._sign_out)
        app.router.add_get("/v1/collect/recordings", self._list, allow_head=False)
        app.router.add_get("/v1/collect/recordings/{id}/content", self._content)
        app.router.add_post("/v1/collect/recordings/{id}/receipt", self._receipt)
        return app

    @web.middleware
    async def _faults(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        self.seen.append(f"{request.method} {request.path}")
        for what, faults in self.faults.items():
            method, suffix = what.split()
            if faults and request.method == method and request.path.endswith(suffix):
                answer = await faults.pop(0)(request)
                if answer is not None:
                    return answer
        return await handler(request)

    async def _source(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return problem(401, "bad_token", "the token is unknown or revoked")
        return web.json_response({"source": "pbx"})

    async def _upload(self, request: web.Request) -> web.Response:
        body = await request.read()
        details = {
            name: request.headers.getall(name)
            for name in request.headers
            if name.startswith(("Callvault-", "Content-Digest"))
        }
        self.uploaded.append((request.match_info["name"], body, details))
        return web.json_response(
            {
                "recording": "r1",
                "sha256": hashlib.sha256(body).hexdigest(),
                "bytes": len(body),
                "sealed_at": "2026-11-22T00:00:00Z",
                "log_index": 7,
            },
            status=201,
        )

    async def _sign_in(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if asked.get("password") != PASSWORD or LINK not in (asked.get("link"), asked.get("customer")):
            return problem(403, "access_denied", "access denied")
        return web.json_response({"token": "session", "expires_at": "2026-11-22T08:00:00Z"}, status=201)

    async def _sign_out(self, _request: web.Request) -> web.Response:
        return web.Response(status=204)

    async def _list(self, request: web.Request) -> web.Response:
        start = int(request.query.get("cursor", "0"))
        items = [
            {"id": name, "file_name": told, "bytes": len(content), "state": self.list_state}
            for name, (told, content) in self.waiting.items()
            if self.listed
        ]
        stop = start + self.page
        return web.json_response(
            {"items": items[start:stop], "next": str(stop) if stop < len(items) else None}
        )

    async def _content(self, request: web.Request) -> web.StreamResponse:
        content = self.waiting[request.match_info["id"]][1]
        headers = {"ETag": '"tag"', "Accept-Ranges": "bytes"}
        if request.method == "HEAD":
            return web.Response(headers={**headers, "Content-Length": str(len(content))})
        asked = request.headers.get("Range")
        self.ranges.append(asked)
        match = re.fullmatch(r"bytes=(\d+)-", asked or "")
        if match and request.headers.get("If-Range") == '"tag"':
            start = int(match[1])
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            return web.Response(status=206, body=content[start:], headers=headers)
        return web.Response(body=content, headers=headers)

    async def _receipt(self, request: web.Request) -> web.Response:
        name, sha256 = request.match_info["id"], (await request.json())["sha256"]
        self.receipts.append((name, sha256))
        if name not in self.waiting:
            return problem(404, "not_found", "no such recording")
        if sha256 != hashlib.sha256(self.waiting[name][1]).hexdigest():
            return problem(409, "digest_mismatch", "nothing was destroyed")
        if self.answer_state != "shredded":
            return web.json_response({"state": self.answer_state, "certificate": None})
        certificate = self.certificates.get(name) or certificate_of(name, sha256)
        return web.json_response({"state": "shredded", "certificate": certificate})

    def cut_after(self, sent_bytes: int) -> Fault:
        """Send that much of the content, then cut the line."""

        async def fault(request: web.Request) -> web.StreamResponse:
            response = await self._begin(request, sent_bytes)
            assert request.transport is not None
            request.transport.abort()
            return response

        return fault

    def stall_after(self, sent_bytes: int) -> Fault:
        """Send that much of the content, then nothing more."""

        async def fault(request: web.Request) -> web.StreamResponse:
            response = await self._begin(request, sent_bytes)
            self.stalled.set()
            await asyncio.Event().wait()
            return response

        return fault

    async def _begin(self, request: web.Request, sent_bytes: int) -> web.StreamResponse:
        content = self.waiting[request.match_info["id"]][1]
        response = web.StreamResponse(headers={"ETag": '"tag"'})
        response.content_length = len(content)
        await response.prepare(request)
        await response.write(content[:sent_bytes])
        return response


def problem(status: int, code: str, detail: str, **headers: str) -> web.Response:
    """Answer with a problem (RFC 9457)."""
    return web.json_response(
        {"status": status, "code": code, "detail": detail},
        status=status,
        content_type="application/problem+json",
        headers=headers,
    )


def answers(status: int, **headers: str) -> Fault:
    """Answer a request with a problem instead."""

    async def fault(_request: web.Request) -> web.StreamResponse:
        return problem(status, "fault", f"the fake answers {status}", **headers)

    return fault


@asynccontextmanager
async def running(service: FakeService) -> AsyncIterator[FakeService]:
    """Serve on a free port of this machine."""
    server = TestServer(service.application(), host="127.0.0.1")
    await server.start_server(shutdown_timeout=0.1)
    service.base_url = str(server.make_url("")).rstrip("/")
    try:
        yield service
    finally:
        await server.close()
