"""Requests that proxies and servers read differently: refused with one clear answer, or read the one way.

Each is followed by another request on the same connection: whoever smuggles shows by an answer too many.
"""

from __future__ import annotations

import io
import json

import pytest

from tests.harness.http_door import HttpDoor, opened, request_head
from tests.harness.vaults import RealVault
from vault.entrypoints.http.context import Patience

CHUNKED = "Transfer-Encoding: chunked"
WHOLE = b"5\r\nhello\r\n0\r\n\r\n"
HURRIED = Patience(idle=0.2)


def upload(door: HttpDoor, *lines: str, target: str = "/v1/recordings/a") -> bytes:
    """Return the head of an upload with those lines."""
    return request_head(f"PUT {target}", f"Authorization: Bearer {door.known.bearer}", *lines)


CONFUSING = (
    (("Content-Length: 5", CHUNKED), 400),
    ((CHUNKED, "Content-Length: 5"), 400),
    ((CHUNKED, "Transfer-Encoding: identity"), 400),
    ((CHUNKED, CHUNKED), 400),
    (("Transfer-Encoding: xchunked",), 400),
    (("Transfer-Encoding: chunked, gzip",), 400),
    (("Transfer-Encoding: \x0bchunked",), 400),
    (("Transfer-Encoding:\r\n chunked",), 400),
    (("Transfer-Encoding : chunked",), 400),
    (("Transfer-Encoding: identity", "Content-Length: 5"), 400),
    (("Transfer-Encoding: gzip, chunked",), 415),
    (("Transfer-Encoding: ,chunked",), 415),
    (("Content-Length: 5", "Content-Length: 6"), 400),
    (("Content-Length: 5", "Content-Length: 5"), 400),
    (("Content-Length: 5, 5",), 400),
    (("Content-Length: +5",), 400),
    (("Content-Length: -5",), 400),
    (("Content-Length: 0x5",), 400),
    (("Content-Length: 5 5",), 400),
    (("Content-Length: 18446744073709551621",), 400),
    (("Content-Length: " + "9" * 400,), 400),
    (("Content-Length: \u0665",), 400),
    (("Callvault-Agent: a\rInjected: b",), 400),
    (("Callvault-Agent: a\r\n folded", "Content-Length: 5"), 400),
    (("Callvault-Agent : a", "Content-Length: 5"), 400),
    (("Callvault-Agent: a\x00b", "Content-Length: 5"), 400),
    (("Callvault-Agent: a\nContent-Length: 5",), 400),
    ((CHUNKED, "Content-Encoding: identity", "Content-Encoding: gzip"), 415),
)


async def test_what_proxies_read_differently_is_not_read_at_all(
    door: HttpDoor, log_lines: io.StringIO
) -> None:
    """Two lengths, unknown codings, folded and broken lines: one refusal, nothing kept, nothing smuggled."""
    for lines, status in CONFUSING:
        answers = await door.answers_to(upload(door, *lines), WHOLE)

        assert [answer.status for answer in answers] == [status], lines
        assert b"application/problem+json" in answers[0].head
        assert json.loads(answers[0].body)["status"] == status
        assert b"Server: callvault\r\n" in answers[0].head
    assert await door.nothing_kept()
    assert '"level": "error"' not in log_lines.getvalue()


BAD_CHUNKS = (
    b"zz\r\nabc\r\n0\r\n\r\n",
    b"3\r\nabcdef\r\n0\r\n\r\n",
    b"-1\r\na\r\n0\r\n\r\n",
    b"+5\r\nhello\r\n0\r\n\r\n",
    b"0x5\r\nhello\r\n0\r\n\r\n",
    b"5 \r\nhello\r\n0\r\n\r\n",
    b"5\nhello\n0\n\n",
    b"5;a\nb\r\nhello\r\n0\r\n\r\n",
    b"3;\x00\r\nabc\r\n0\r\n\r\n",
    b"10000000000000005\r\nhello\r\n0\r\n\r\n",
    b"5\r\nhello\r\n",
    b"5\r\nhello\r\n0\r\nContent-Length: 4\r\n\r\n",
    b"5\r\nhello\r\n0\r\n" + b"A: b\r\n" * 20_000 + b"\r\n",
)


async def test_bad_chunks_leave_nothing(door: HttpDoor, log_lines: io.StringIO) -> None:
    """Framing that does not add up is refused, whatever it holds; and so are trailers that frame anew."""
    for chunks in BAD_CHUNKS:
        answers = await door.answers_to(upload(door, CHUNKED), chunks)
        assert [answer.status for answer in answers] in ([400], []), chunks[:50]
    assert await door.nothing_kept()
    assert '"level": "error"' not in log_lines.getvalue()


WELL_FRAMED = (
    (("Content-Length: 5",), b"hello"),
    (("Content-Length: 05",), b"hello"),
    ((CHUNKED,), WHOLE),
    (("Transfer-Encoding:\tCHUNKED ",), WHOLE),
    ((CHUNKED,), b"5;a=b\r\nhello\r\n0\r\n\r\n"),
    ((CHUNKED,), b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"),
)


async def test_what_is_framed_well_is_taken_whole(door: HttpDoor) -> None:
    """The five bytes, no more and no less, and the next request is the next request."""
    for number, (lines, body) in enumerate(WELL_FRAMED):
        answers = await door.answers_to(upload(door, *lines, target=f"/v1/recordings/{number}"), body)
        assert [answer.status for answer in answers] == [201], lines
        assert json.loads(answers[0].body)["bytes"] == 5


@pytest.mark.parametrize("lines", [("Content-Length: 6000",), (CHUNKED,)])
async def test_a_body_that_never_comes(real_vault: RealVault, lines: tuple[str, ...]) -> None:
    """What is announced and does not come in time is 408, and nothing is kept."""
    async with opened(real_vault, patience=HURRIED) as door, door.wire() as wire:
        await wire.send(upload(door, *lines))
        assert (await wire.head()).startswith(b"HTTP/1.1 408 ")
        assert await door.nothing_kept()


NO_HTTP = (
    b"GET /healthz\r\n",
    b"GET /healthz\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
    b"GET /healthz HTTP/2.0\r\nHost: v\r\n\r\n",
    b"GET /healthz HTTP/0.9\r\nHost: v\r\n\r\n",
    b"GET /healthz HTTP/1.10\r\nHost: v\r\n\r\n",
    b"GET * HTTP/1.1\r\nHost: v\r\n\r\n",
    b"GET http://[evil/v1/source HTTP/1.1\r\nHost: v\r\n\r\n",
    b"GET http://evil:99999999/ HTTP/1.1\r\nHost: v\r\n\r\n",
    b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: v\r\n\r\n",
    b"GET /" + b"a" * 300_000,
    b"GET /healthz HTTP/1.1\r\nHost: v\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: v\r\n" + b"X: a\r\n" * 20_000 + b"\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\n\r\n",
    b"GET /healthz HTTP/1.1\nHost: v\n\n",
    b"GET /a\0b HTTP/1.1\r\nHost: v\r\n\r\n",
    b"GET /\xff\xfe HTTP/1.1\r\nHost: v\r\n\r\n",
    b"EHLO x\r\nMAIL FROM:<a@b>\r\n",
    b"\0" * 1000,
    b"\x16\x03\x01\x02\x00\x01\x00\x00\xfc\x03\x03" + b"x" * 500,
)


async def test_no_http_of_today_is_one_refusal(door: HttpDoor, log_lines: io.StringIO) -> None:
    """HTTP/0.9, HTTP/2, TLS, mail, lines without an end: 400 as a problem, or a closed connection."""
    for raw in NO_HTTP:
        answers = await door.answers_to(raw)
        assert [answer.status for answer in answers] in ([400], []), raw[:50]
        assert all(json.loads(answer.body)["code"] == "invalid_request" for answer in answers)
    assert '"level": "error"' not in log_lines.getvalue()
    assert (await door.client.get(door.url("/healthz"))).status == 200


TARGETS = (
    ("GET http://elsewhere/v1/source", 401),
    ("OPTIONS *", 404),
    ("CONNECT elsewhere:443", 404),
    ("TRACE /v1/source", 405),
    ("GET //elsewhere@x:999999/", 404),
    ("GET /collect?%ff%00=%zz", 200),
    ("GET /v1/collect/recordings/%00%0d%0a/content", 404),
)


async def test_targets_of_every_form_lead_nowhere_else(door: HttpDoor, log_lines: io.StringIO) -> None:
    """A whole URL, an asterisk, an authority: this door's own routes, or a problem."""
    for target, status in TARGETS:
        answers = await door.answers_to(request_head(target))
        assert [answer.status for answer in answers] in ([status], []), target
    assert '"level": "error"' not in log_lines.getvalue()
