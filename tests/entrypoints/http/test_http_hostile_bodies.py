"""Hostile bodies and headers: each is one clear refusal that names the field, and nothing is kept."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import AsyncIterator

from tests.harness.http_door import HttpDoor, request_head

SESSIONS = "/v1/collect/sessions"
HEADERS = (
    ("Callvault-Call-Id", "x" * 4096),
    ("Callvault-Call-Id", "a\u202eb"),
    ("Callvault-Calling", "1" * 4096),
    ("Callvault-Calling", "\udcff\udcfe"),
    ("Callvault-Called", "1\u20282"),
    ("Callvault-Diverted-By", "\x1b[2J"),
    ("Callvault-Started-At", "9" * 30),
    ("Callvault-Started-At", "NaN"),
    ("Callvault-Started-At", "-1795305629"),
    ("Callvault-Started-At", "9999-12-31T23:59:59-23:59"),
    ("Callvault-Started-At", "\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669"),
    ("Callvault-Duration", "nan"),
    ("Callvault-Duration", "inf"),
    ("Callvault-Duration", "1e9"),
    ("Callvault-Duration", "-0"),
    ("Callvault-Duration", "9" * 400),
    ("Callvault-Duration", "\u0661"),
    ("Callvault-Direction", "inbound\u200b"),
    ("Callvault-Carrier", "c" * 129),
    ("Callvault-Agent", "tab\tbed"),
    ("Content-Digest", "sha-256=:" + "A" * 5000 + ":"),
    ("Content-Digest", "sha-256=:\u0436:"),
)
REPEATED = ("Call-Id", "Called", "Started-At", "Duration", "Direction", "Carrier", "Agent")
NAMES = (
    "",
    "%20",
    ".",
    "..",
    "%2e%2e",
    "a%2Fb",
    "a%5Cb",
    "%2e%2e%2fa",
    "a%00b",
    "a%0d%0aSet-Cookie:b",
    "%ff%fe",
    "%ed%a0%80",
    "%c0%af",
    "a%E2%80%AEb",
    "%E2%81%A6a",
    "n" * 4096,
    "%C3%A9" * 128,
    "%1b%5b2J",
    "%7f",
    "%c2%85",
)
JSON_BODIES = (
    b"[" * 8000,
    b'{"a":' * 3000,
    b'{"password": ' + b"[" * 5000 + b"]" * 5000 + b', "customer": "a"}',
    b'{"password": "p", "customer": 1e999}',
    b'{"password": "p", "customer": ' + b"9" * 5000 + b"}",
    b'{"password": "p", "customer": NaN}',
    b'{"password": true, "customer": "a"}',
    b'{"password": {"$ne": null}, "customer": "a"}',
    b'{"password": ["p"], "customer": "a"}',
    b'{"password": "\\ud800", "customer": "a"}',
    b'{"password": "p", "customer": "\xed\xa0\x80"}',
    b'{"password": "p", "customer": "a"} {"password": "q", "customer": "b"}',
    b'\xef\xbb\xbf{"password": "p", "customer": "a"}',
    '{"password": "p", "customer": "a"}'.encode("utf-16"),
    b'{"password": "p", "customer": "' + b"c" * 300 + b'"}',
    b'{"link": "' + b"l" * 200 + b'", "password": "p"}',
    b"null",
    b'"p"',
    b"\0",
)
BOUNDARY = "cut-here"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
PART = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nsound\r\n'.encode()
)
OTHER = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="x"\r\n\r\ny\r\n'.encode()
END = f"--{BOUNDARY}--\r\n".encode()
FORMS = (
    ("multipart/form-data", PART + END),
    ('multipart/form-data; boundary=""', PART + END),
    ("multipart/form-data; boundary=" + "b" * 500, PART + END),
    ("multipart/form-data; boundary=other", PART + END),
    (FORM, PART.replace(b'"file"', b'"filename"') + END),
    (FORM, PART.replace(b'name="file"; ', b"") + END),
    (FORM, OTHER * 10_000 + PART + END),
    (FORM, PART + OTHER * 10_000 + END),
    (FORM, PART + PART + END),
    (FORM, PART + PART.replace(b'"file"', b'"ngfile"') + END),
    (FORM, PART[:-2]),
    (FORM, PART + END[:-6]),
    (FORM, PART.replace(b"a.wav", b"../a.wav") + END),
    (FORM, PART.replace(b"a.wav", b"a\0.wav") + END),
    (FORM, PART.replace(b'filename="a.wav"', b"filename*=utf-8''..%2fa") + END),
    (FORM, PART.replace(b'filename="a.wav"', b"filename*=utf-8''%0d%0aX") + END),
    (FORM, PART.replace(b"a.wav", b"n" * 4096) + END),
    (FORM, PART.replace(b"\r\n\r\n", b"\r\nX: " + b"y" * 20_000 + b"\r\n\r\n", 1) + END),
    (FORM, PART.replace(b"\r\n\r\n", b"\r\n" + b"X: y\r\n" * 2000 + b"\r\n", 1) + END),
    (FORM, PART.replace(b"\r\n\r\n", b"\r\nContent-Digest: sha-256=:AAAA:\r\n\r\n", 1) + END),
    (FORM, f"--{BOUNDARY}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b--\r\n".encode() + END),
    (FORM, b"\0" * 100_000),
)


async def test_no_value_of_a_header_gets_through_that_should_not(
    door: HttpDoor, log_lines: io.StringIO
) -> None:
    """Too long, no UTF-8, no number, turned around: 400 with the field's name, the value told nowhere."""
    for header, value in HEADERS:
        head = request_head(
            "PUT /v1/recordings/a",
            "Content-Length: 1",
            f"Authorization: Bearer {door.known.bearer}",
            f"{header}: {value}",
        )
        (answer,) = await door.answers_to(head, b"x")
        told = json.loads(answer.body)
        assert answer.status == 400, (header, value[:40])
        assert told.get("field") in {header, None}, (header, value[:40])
        assert value.encode("utf-8", "surrogateescape") not in answer.body
    assert await door.nothing_kept()
    assert '"level": "error"' not in log_lines.getvalue()


async def test_one_value_is_one_value(door: HttpDoor) -> None:
    """What may be said once is refused when two headers, or a header and the query, disagree."""
    for name in REPEATED:
        one, two = ("inbound", "outbound") if name == "Direction" else ("1795305600", "1795305601")
        head = request_head(
            f"PUT /v1/recordings/a?callvault-{name.lower()}={two}",
            "Content-Length: 1",
            f"Authorization: Bearer {door.known.bearer}",
            f"Callvault-{name}: {one}",
        )
        (answer,) = await door.answers_to(head, b"x")
        assert (answer.status, json.loads(answer.body)["field"]) == (400, f"Callvault-{name}")
    assert await door.nothing_kept()


async def test_no_name_leads_anywhere(door: HttpDoor, log_lines: io.StringIO) -> None:
    """Traversal, NUL, line ends, escapes, overlong and broken UTF-8, nothing at all: by URL and by hook."""
    for name in NAMES:
        for target in (f"PUT /v1/recordings/{name}", f"POST /v1/hooks/{door.known.hook}/{name}"):
            head = request_head(target, "Content-Length: 1", f"Authorization: Bearer {door.known.bearer}")
            (answer,) = await door.answers_to(head, b"x")
            assert answer.status in {400, 404, 405}, (target[:60], answer.body)
    assert await door.nothing_kept()
    assert '"level": "error"' not in log_lines.getvalue()


async def test_a_name_is_decoded_once(door: HttpDoor) -> None:
    """What was percent-encoded twice is a name with a percent sign, never a path."""
    answers = await door.answers_to(
        request_head(
            "PUT /v1/recordings/%252e%252e%252fetc",
            "Content-Length: 1",
            f"Authorization: Bearer {door.known.bearer}",
        ),
        b"x",
    )
    names = [item["file_name"] for item in await door.waiting(await door.sign_in())]

    assert [answer.status for answer in answers] == [201]
    assert names == ["%2e%2e%2fetc"]


async def test_no_json_breaks_the_parser(door: HttpDoor, log_lines: io.StringIO) -> None:
    """Nested, repeated, huge, half, in other encodings: 400 that repeats nothing, and no Argon2 paid for."""
    for body in JSON_BODIES:
        answer = await door.client.post(
            door.url(SESSIONS), data=body, headers={"Content-Type": "application/json"}
        )
        told = await answer.json()
        assert (answer.status, told["code"]) == (400, "invalid_request"), body[:60]
    assert '"level": "error"' not in log_lines.getvalue()
    assert "password.refused" not in await door.actions()


async def test_a_hundred_megabytes_of_json_are_not_read(door: HttpDoor) -> None:
    """Announced or not, a body over the limit is refused after its first pieces."""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100 << 20:
            sent += 1 << 16
            yield b" " * (1 << 16)

    announced = await door.answers_to(
        request_head(f"POST {SESSIONS}", "Content-Type: application/json", f"Content-Length: {100 << 20}")
    )
    streamed = await door.client.post(
        door.url(SESSIONS), data=endless(), headers={"Content-Type": "application/json"}
    )

    assert [answer.status for answer in announced] == [413]
    assert (streamed.status, (await streamed.json())["code"]) == (413, "body_too_large")


async def test_nothing_is_ever_unpacked(door: HttpDoor) -> None:
    """A bomb in any coding is 415, as a recording, as JSON and as a part of a form; nothing grows."""
    bomb = gzip.compress(bytes(50 << 20))
    for coding in ("gzip", "deflate", "br", "zstd", "identity, gzip", "x-gzip", "GZIP "):
        packed = {"Content-Encoding": coding}
        for path, kind in (
            ("/v1/recordings/a", "application/octet-stream"),
            (SESSIONS, "application/json"),
        ):
            method = "POST" if path == SESSIONS else "PUT"
            answer = await door.client.request(
                method, door.url(path), data=bomb, headers={**door.bearer, **packed, "Content-Type": kind}
            )
            assert (answer.status, (await answer.json())["code"]) == (415, "unsupported_media_type")
    part = PART.replace(b"\r\n\r\n", b"\r\nContent-Encoding: identity\r\nContent-Encoding: gzip\r\n\r\n", 1)
    answer = await door.client.post(
        door.url("/v1/recordings"), data=part + END, headers={**door.bearer, "Content-Type": FORM}
    )
    assert answer.status == 415
    assert await door.nothing_kept()


async def test_a_form_that_is_none(door: HttpDoor, log_lines: io.StringIO) -> None:
    """No boundary, ten thousand parts, nested, cut, two files, names that are paths: 400, nothing kept."""
    for kind, form in FORMS:
        answer = await door.client.post(
            door.url("/v1/recordings"), data=form, headers={**door.bearer, "Content-Type": kind}
        )
        assert answer.status == 400, (kind[:60], form[:90], await answer.text())
        assert (await answer.json())["code"] == "invalid_request"
    assert await door.nothing_kept()
    assert '"level": "error"' not in log_lines.getvalue()
