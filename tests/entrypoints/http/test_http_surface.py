"""The door as a whole: problems everywhere, nothing told of the inside, a description of every route."""

from __future__ import annotations

import errno
import io
import json

import pytest
from aiohttp import http_parser

from tests.harness.http_door import HttpDoor, opened, request_head
from tests.harness.vaults import RealVault
from vault.entrypoints.http import connection
from vault.entrypoints.http.causes import causes_of
from vault.entrypoints.http.openapi import describe
from vault.entrypoints.http.routes import CALL_DETAILS, ROUTES
from vault.errors import ConfigInvalid, LogUnavailable

SOUND = b"sound " * 1000
UNKNOWN = [
    "/v1",
    "/v1/recordings/a/b",
    "/collect/../v1/source",
    "/%00",
    "/v1/hook/SECRET",
    "//etc/passwd",
]


@pytest.mark.parametrize("path", UNKNOWN)
async def test_an_unknown_path_is_a_problem(door: HttpDoor, path: str) -> None:
    """404 as problem+json, which repeats nothing of the path."""
    async with door.wire() as wire:
        await wire.send(request_head(f"GET {path}", "Connection: close"))
        answer = await wire.rest()

    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"application/problem+json" in answer
    assert b"SECRET" not in answer


@pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH", "TRACE", "BREW"])
async def test_a_wrong_method_says_which_are_right(door: HttpDoor, method: str) -> None:
    """405 with Allow; a hook's empty `curl -T` becomes a GET and must not look like success."""
    answer = await door.client.request(method, door.url(f"/v1/hooks/{door.known.hook}/a.wav"))

    assert answer.status in {400, 405}
    if answer.status == 405:
        assert set(answer.headers["Allow"].split(",")) == {"POST", "PUT"}
    assert (await answer.json())["status"] == answer.status


@pytest.mark.parametrize(
    "garbage",
    [b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\nA B: <script>\r\n\r\n"],
)
async def test_what_is_no_http_gets_no_echo(door: HttpDoor, garbage: bytes) -> None:
    """400 as problem+json, with nothing of what came, and the connection ends."""
    async with door.wire() as wire:
        await wire.send(garbage)
        answer = await wire.rest()

    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))
    assert b"application/problem+json" in answer
    assert b"script" not in answer


async def test_an_unknown_error_tells_a_reference_and_nothing_else(
    door: HttpDoor, log_lines: io.StringIO
) -> None:
    """500 `internal_error`: the reference is in the log; neither answer nor log has the error's text."""
    (door.known.data / "blobs").rename(door.known.data / "elsewhere")

    async def breaks() -> None:
        raise LookupError("the secret of the inside")

    object.__setattr__(door.vault.blobs, "check", breaks)
    answer = await door.client.get(door.url("/readyz"))

    body = await answer.json()
    logged = log_lines.getvalue()
    assert (answer.status, body["code"]) == (500, "internal_error")
    assert body["reference"] in logged
    assert "LookupError" in logged
    assert "secret of the inside" not in logged + json.dumps(body)


async def test_readiness_names_the_part_that_can_not_serve(door: HttpDoor) -> None:
    """503 while a part is down, 200 with each part ok otherwise."""
    ready = await door.client.get(door.url("/readyz"))
    assert (ready.status, (await ready.json())["ready"]) == (200, True)

    (door.known.data / "blobs").rename(door.known.data / "elsewhere")
    down = await door.client.get(door.url("/readyz"))

    assert down.status == 503
    assert (await down.json())["parts"]["store"] == "store_unavailable"


async def test_what_is_unavailable_says_why_to_the_operator(door: HttpDoor, log_lines: io.StringIO) -> None:
    """The caller hears «not now»; the service's log hears the code and the cause, without paths or names."""
    (door.known.data / "blobs").rename(door.known.data / "elsewhere")
    refused = await door.put("07700900123.wav", SOUND)
    await door.client.get(door.url("/readyz"))

    told = [json.loads(line) for line in log_lines.getvalue().splitlines()]
    reasons = [line for line in told if line["event"] == "unavailable"]
    assert (refused.status, (await refused.json())["code"]) == (503, "store_unavailable")
    assert [line["code"] for line in reasons] == ["store_unavailable"] * 2
    assert [line.get("part") for line in reasons] == [None, "store"]
    assert all(line["why"] for line in reasons)
    assert "07700900123" not in log_lines.getvalue()
    assert str(door.known.data) not in "".join(map(json.dumps, reasons))


def test_causes_are_told_by_kind_and_name() -> None:
    """What lay behind an error is told by its kind and the system's name for it, never by its text."""
    behind = OSError(errno.EIO, "Input/output error", "/secret/path")
    error = LogUnavailable("the access log can't be written")
    error.__cause__ = RuntimeError("the secret of the inside")
    error.__cause__.__cause__ = behind

    assert list(causes_of(error)) == ["RuntimeError", "OSError EIO"]


async def test_metrics_are_for_this_machine_alone(real_vault: RealVault) -> None:
    """Not through a proxy, declared or not; and not here once they have a listener of their own."""
    async with opened(real_vault) as door:
        await door.put("a.wav", SOUND)
        here = await door.client.get(door.url("/metrics"))
        through = await door.client.get(door.url("/metrics"), headers={"X-Forwarded-For": "127.0.0.1"})
        assert 'callvault_recordings{state="waiting"} 1' in await here.text()
        assert through.status == 404
    for name, value in [
        ("OPERATOR_LISTEN", "127.0.0.1:9"),
        ("TRUSTED_PROXIES", "10.0.0.0/8"),
        ("PUBLIC_URL", "https://vault.example"),  # encrypted by a proxy that may say nothing
    ]:
        apart = real_vault.with_setting(f"CALLVAULT_HTTP__{name}", value)
        async with opened(apart) as door:
            assert (await door.client.get(door.url("/metrics"))).status == 404


async def test_no_log_line_holds_a_secret_or_a_name(door: HttpDoor, log_lines: io.StringIO) -> None:
    """Tokens, passwords, queries and file names are in no line, whether a request went well or not."""
    session = await door.sign_in()
    await door.client.put(
        door.url(f"/v1/hooks/{door.known.hook}/07700900123.wav?Callvault-Called=101"), data=SOUND
    )
    await door.client.get(door.url(f"/v1/hooks/{door.known.hook}"))
    await door.client.get(door.url(f"/wrong/{door.known.hook}"))
    await door.client.get(door.url(f"/v1/source?token={door.known.bearer}"), headers=door.bearer)
    await door.client.post(
        door.url("/v1/collect/sessions"), json={"customer": "acme", "password": "guessed-word"}
    )
    async with door.wire() as wire:
        await wire.send(f"GET /{door.known.hook} HTTP/9.9 {door.known.bearer}\r\n\r\n".encode())
        await wire.rest()

    logged = log_lines.getvalue()
    assert logged.count('"event": "request"') == 6
    for secret in (
        door.known.hook,
        door.known.bearer,
        door.known.link,
        door.known.password,
        session["Authorization"].removeprefix("Bearer "),
        "guessed-word",
        "07700900123",
        "Callvault-Called",
    ):
        assert secret not in logged
    assert all(json.loads(line) for line in logged.splitlines())


async def test_every_answer_protects_itself(real_vault: RealVault) -> None:
    """Not sniffed, not framed, not stored, not told to others; and over https only, where it is public."""
    public = real_vault.with_setting("CALLVAULT_HTTP__PUBLIC_URL", "https://vault.example")
    async with opened(public) as door:
        for path in ("/healthz", "/nothing", "/v1/source", "/openapi.json", "/collect", "/"):
            headers = (await door.client.get(door.url(path), allow_redirects=False)).headers
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "no-referrer"
            assert headers["Cache-Control"] == "no-store"
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
            assert headers["Strict-Transport-Security"].startswith("max-age=")
            assert headers["Server"] == "callvault"
            assert "Access-Control-Allow-Origin" not in headers


async def test_every_route_is_described(door: HttpDoor) -> None:
    """The description has every route of the API that the router has, with its statuses and schemas."""
    answer = await door.client.get(door.url("/openapi.json"))

    document = await answer.json()
    routed = {
        (route.method.lower(), route.resource.canonical)
        for route in door.app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith("/v1/")
    }
    described = {(method, path) for path, methods in document["paths"].items() for method in methods}
    assert routed <= described
    upload = document["paths"]["/v1/recordings/{file_name}"]["put"]
    assert {p["name"] for p in upload["parameters"] if p["in"] == "header"} >= set(CALL_DETAILS)
    assert upload["responses"]["201"]["content"]["application/json"]["schema"]["$ref"].endswith("/Receipt")
    names = [
        operation["operationId"] for methods in document["paths"].values() for operation in methods.values()
    ]
    assert len(names) == len(set(names))


def test_the_description_is_whole() -> None:
    """Every schema that is pointed at is there."""
    text = describe(ROUTES).decode()
    schemas = json.loads(text)["components"]["schemas"]

    for piece in text.split('"$ref":"#/components/schemas/')[1:]:
        assert piece.partition('"')[0] in schemas


def test_without_the_c_parser_it_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow parser that stands alone is no parser for a public door."""
    monkeypatch.setattr(http_parser, "HttpRequestParser", http_parser.HttpRequestParserPy)

    with pytest.raises(ConfigInvalid, match="C parser"):
        connection.require_c_parser()
