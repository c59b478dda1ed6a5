"""`GET /openapi.json` tells what comes with an answer: refusals of any route, and headers that count."""

from __future__ import annotations

import json

import pytest

from tests.harness.http_door import HttpDoor
from vault.entrypoints.http.openapi import describe
from vault.entrypoints.http.routes import ROUTES
from vault.entrypoints.http.staff_routes import STAFF_ROUTES

DOCUMENT = json.loads(describe((*ROUTES, *STAFF_ROUTES)))
OPERATIONS = [
    (path, method, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]


def headers_of(path: str, method: str, status: int) -> set[str]:
    """Return the headers that an answer is described with."""
    answer = DOCUMENT["paths"][path][method]["responses"][str(status)]
    return set(answer.get("headers", {}))


def test_every_route_tells_what_any_request_may_get() -> None:
    """Broken framing, an unknown Expect and a service that stops are answered everywhere, and described."""
    assert all({"400", "417", "503"} <= set(operation["responses"]) for _, _, operation in OPERATIONS)


def test_refusals_tell_how_to_go_on() -> None:
    """401 says how to show who one is, 416 how much there is; 429 and 503 say when to come again."""
    told = {"401": "WWW-Authenticate", "416": "Content-Range", "429": "Retry-After", "503": "Retry-After"}
    for path, _, operation in OPERATIONS:
        for status in told.keys() & operation["responses"].keys():
            answer = operation["responses"][status]
            if "application/problem+json" in answer["content"]:
                assert told[status] in answer["headers"], (path, status)


@pytest.mark.parametrize("more", [{}, {"Range": "bytes=0-1"}, {"Range": "bytes=99-"}, {"If-None-Match": "*"}])
async def test_the_headers_that_come_are_those_described(door: HttpDoor, more: dict[str, str]) -> None:
    """What a recording's answer carries besides every answer's own is in the description."""
    recording = (await (await door.put("call.wav", b"0123")).json())["recording"]
    session = await door.sign_in()
    path = "/v1/collect/recordings/{id}/content"

    answer = await door.client.get(door.url(path.format(id=recording)), headers=session | more)

    counted = {
        "accept-ranges",
        "content-disposition",
        "content-range",
        "etag",
        "retry-after",
        "www-authenticate",
    }
    described = {name.lower() for name in headers_of(path, "get", answer.status)}
    assert {name.lower() for name in answer.headers} & counted == described
