"""A small collect API for the page: it keeps the contract, notes what is asked, and fails as told."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from dataclasses import dataclass, field

from aiohttp import web

from vault.entrypoints.web import add_page

PASSWORD = "correct-horse-battery-staple-kazoo-zebra"
LINK = "bGluay10b2tlbi0xMjgtYml0cw"
CUSTOMER = "acme"
ETAG = '"opaque"'
_PIECE_BYTES = 1 << 16
_EXPIRES_AT = "2026-11-22T18:00:00Z"
_SHREDDED_AT = "2026-11-22T10:15:30.123456Z"


@dataclass(slots=True)
class Waiting:
    """A recording that waits, and how the service is to behave for it.

    gate      until it is set, the content stops half-way
    cut       whether the connection of the first GET is cut half-way
    ranges    whether a Range is honoured; if not, it gets as much from the beginning
    answer    the state that a receipt is answered with
    problems  answers to the next receipts, instead: status and code
    """

    id: str
    content: bytes
    file_name: str | None = "call.wav"
    call: dict[str, object] = field(default_factory=dict)
    state: str = "waiting"
    bytes: int | None = None
    header_incomplete: bool = False
    gate: asyncio.Event | None = None
    cut: bool = False
    ranges: bool = True
    answer: str = "shredded"
    problems: list[tuple[int, str]] = field(default_factory=list)

    def item(self) -> dict[str, object]:
        """Return it as the list shows it."""
        call: dict[str, object] = {
            "call_id": None,
            "calling": [],
            "called": None,
            "diverted_by": [],
            "started_at": None,
            "duration_seconds": None,
            "direction": None,
            "carrier": None,
            "agent": None,
        }
        return {
            "id": self.id,
            "file_name": self.file_name,
            "bytes": len(self.content) if self.bytes is None else self.bytes,
            "sealed_at": "2026-11-21T16:02:00Z",
            "state": self.state,
            "header_incomplete": self.header_incomplete,
            "call": call | self.call,
        }


class CollectFake:
    """The API and the page. `asked` lists what came, in order."""

    def __init__(self) -> None:
        self.recordings: list[Waiting] = []
        self.page_items = 100
        self.asked: list[str] = []
        self.bodies: list[dict[str, str]] = []
        self.if_ranges: list[str | None] = []
        self.sign_in_problem: tuple[int, str, dict[str, str]] | None = None
        self.session_over = False
        self.signed_out = asyncio.Event()

    def receipts(self) -> list[str]:
        """Return the receipts that came."""
        return [what for what in self.asked if what.startswith("receipt")]

    def certificate(self, recording: str) -> str:
        """Return text in the shape of a tlog-proof."""
        facts = {"snapshot_horizon": "14 days"}
        entry = {"action": "recording.shredded", "facts": facts, "recording": recording, "time": _SHREDDED_AT}
        extra = base64.b64encode(json.dumps(entry).encode()).decode()
        note = "vault.example\n8\nroot\n\n\u2014 vault.example signature\n"
        return f"c2sp.org/tlog-proof@v1\nextra {extra}\nindex 7\n\n{note}"

    def app(self) -> web.Application:
        """Return the application."""
        app = web.Application()
        add_page(app)
        app.router.add_post("/v1/collect/sessions", self._sign_in)
        app.router.add_delete("/v1/collect/sessions/current", self._sign_out)
        app.router.add_get("/v1/collect/recordings", self._list)
        app.router.add_get("/v1/collect/recordings/{id}/content", self._content)
        app.router.add_post("/v1/collect/recordings/{id}/receipt", self._receipt)
        return app

    async def _sign_in(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.asked.append("sign in")
        self.bodies.append(body)
        if self.sign_in_problem:
            status, code, headers = self.sign_in_problem
            return _problem(status, code, headers)
        who = body.get("link") == LINK or body.get("customer") == CUSTOMER
        if not who or body.get("password") != PASSWORD:
            return _problem(403, "access_denied")
        return web.json_response({"token": "session-token", "expires_at": _EXPIRES_AT}, status=201)

    async def _sign_out(self, request: web.Request) -> web.Response:
        self._check(request)
        self.asked.append("sign out")
        self.signed_out.set()
        return web.Response(status=204)

    async def _list(self, request: web.Request) -> web.Response:
        self._check(request)
        start = int(request.query.get("cursor", "0"))
        stop = start + self.page_items
        following = str(stop) if stop < len(self.recordings) else None
        self.asked.append(f"list {start}")
        items = [recording.item() for recording in self.recordings[start:stop]]
        return web.json_response({"items": items, "next": following})

    async def _content(self, request: web.Request) -> web.StreamResponse:
        self._check(request)
        found = self._find(request)
        wanted = found_start(request)
        start = wanted if found.ranges else 0
        stop = len(found.content) if found.ranges or not wanted else len(found.content) - wanted
        self.asked.append(f"content {found.id} from {start}")
        self.if_ranges.append(request.headers.get("If-Range"))
        response = web.StreamResponse(status=206 if start else 200, headers={"ETag": ETAG})
        if start:
            total = len(found.content)
            response.headers["Content-Range"] = f"bytes {start}-{total - 1}/{total}"
        response.content_length = stop - start
        await response.prepare(request)
        await self._send(request, response, found, start, stop)
        return response

    async def _send(
        self, request: web.Request, response: web.StreamResponse, found: Waiting, start: int, stop: int
    ) -> None:
        for at in range(start, stop, _PIECE_BYTES):
            half = at == len(found.content) // 2
            if half and found.gate is not None:
                await found.gate.wait()
            if half and found.cut:
                found.cut = False
                assert request.transport is not None
                request.transport.close()
                return
            await response.write(found.content[at : min(at + _PIECE_BYTES, stop)])

    async def _receipt(self, request: web.Request) -> web.Response:
        self._check(request)
        found = self._find(request)
        digest = (await request.json())["sha256"]
        self.asked.append(f"receipt {found.id}")
        if found.problems:
            return _problem(*found.problems.pop(0))
        if digest != hashlib.sha256(found.content).hexdigest():
            return _problem(409, "digest_mismatch")
        certificate = self.certificate(found.id) if found.answer == "shredded" else None
        return web.json_response({"state": found.answer, "certificate": certificate})

    def _find(self, request: web.Request) -> Waiting:
        return next(each for each in self.recordings if each.id == request.match_info["id"])

    def _check(self, request: web.Request) -> None:
        if self.session_over or request.headers.get("Authorization") != "Bearer session-token":
            raise web.HTTPUnauthorized(
                text=json.dumps({"code": "access_denied"}), content_type="application/problem+json"
            )


def found_start(request: web.Request) -> int:
    """Return where the asked range begins."""
    wanted = request.http_range.start
    return wanted if wanted is not None else 0


def _problem(status: int, code: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response(
        {"code": code}, status=status, headers=headers, content_type="application/problem+json"
    )
