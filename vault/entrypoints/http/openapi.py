"""`GET /openapi.json`: the description of the door, drawn from its routes (OpenAPI 3.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from vault import __version__
from vault.entrypoints.http.answers import Problem
from vault.entrypoints.http.routes import Body, Route, Who

_PATTERN = re.compile(r"\{(\w+)(?::[^{}]*)?\}")
_REPEATABLE = {"Callvault-Calling", "Callvault-Diverted-By"}
_ANYWHERE = {400, 417, 503}
"""What any request may be answered with: no plain HTTP, an unknown Expect, a service that is stopping."""
_HEADERS = {
    "Callvault-Bytes": "The size of the recording, opened.",
    "Callvault-Fingerprint": "The short name of the recipient.",
    "Callvault-Form": "plain; or for the owner of an identity file sealed, as an age file, or granted.",
    "Callvault-Layers": "How many bytes the grant's layers have, an age file; the payload follows.",
    "Callvault-Recipient": "Whom the file is sealed to.",
    "Callvault-Recording": "The whole id of the recording.",
    "Callvault-Sha256": "The SHA-256 of the recording, opened.",
    "Accept-Ranges": "Whether ranges may be asked for.",
    "Content-Disposition": "The file name (RFC 6266, RFC 8187).",
    "Content-Range": "Which bytes these are, or how many there would be (RFC 9110, 14.4).",
    "ETag": "An opaque tag of the content; it tells nothing of its digest.",
    "Retry-After": "In how many seconds to try again.",
    "WWW-Authenticate": "How to show who asks (RFC 9110, 11.6.1).",
}
_PROBLEM_HEADERS = {401: "WWW-Authenticate", 416: "Content-Range", 429: "Retry-After", 503: "Retry-After"}
_SCHEMES = {
    Who.SOURCE.value: {"type": "http", "scheme": "bearer", "description": "The source's token."},
    "source_basic": {"type": "http", "scheme": "basic", "description": "The source's token as password."},
    Who.CUSTOMER.value: {"type": "http", "scheme": "bearer", "description": "The session's token."},
    Who.STAFF.value: {"type": "http", "scheme": "bearer", "description": "The staff session's token."},
}


def describe(routes: Sequence[Route]) -> bytes:
    """Return the document as JSON."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(_PATTERN.sub(r"{\1}", route.path), {})[route.method.lower()] = _operation(route)
    _, schemas = msgspec.json.schema_components(_structs(routes), ref_template="#/components/schemas/{name}")
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {"title": "Callvault", "version": __version__},
            "paths": paths,
            "components": {"schemas": schemas, "securitySchemes": _SCHEMES},
        }
    )


def _structs(routes: Sequence[Route]) -> list[type[msgspec.Struct]]:
    """Return every struct that a route takes or answers, once, in order."""
    bodies: Iterable[Body] = (body for route in routes for body in (*route.takes, *route.answers.values()))
    return list(dict.fromkeys([Problem, *(body for body in bodies if isinstance(body, type))]))


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": f"{route.handler.__name__}_{route.method.lower()}",
        "parameters": [
            *(
                {"in": "path", "name": name, "required": True, "schema": {"type": "string"}}
                for name in _PATTERN.findall(route.path)
            ),
            *(_parameter("header", name) for name in route.headers),
            *(_parameter("query", name) for name in route.query),
        ],
        "responses": {
            str(status): _answer(status, body, route.sends.get(status, ()))
            for status, body in route.answers.items()
        }
        | {
            str(status): _answer(status, Problem, _of_problem(status))
            for status in sorted(({*route.problems} | _ANYWHERE) - {*route.answers})
        },
        "security": _security(route.who),
    }
    if route.takes:
        operation["requestBody"] = {"required": True, "content": dict(map(_content, route.takes))}
    return operation


def _parameter(place: str, name: str) -> dict[str, Any]:
    text = {"type": "string"}
    schema = {"type": "array", "items": text} if name in _REPEATABLE else text
    return {"in": place, "name": name, "schema": schema}


def _of_problem(status: int) -> tuple[str, ...]:
    return (_PROBLEM_HEADERS[status],) if status in _PROBLEM_HEADERS else ()


def _answer(status: int, body: Body, headers: Sequence[str]) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if headers:
        answer["headers"] = {
            name: {"description": _HEADERS[name], "schema": {"type": "string"}} for name in headers
        }
    if body is not None:
        answer["content"] = dict([_content(body)])
    return answer


def _content(body: type[msgspec.Struct] | str) -> tuple[str, dict[str, Any]]:
    if isinstance(body, str):
        return body, {"schema": {}}
    kind = "application/problem+json" if body is Problem else "application/json"
    return kind, {"schema": {"$ref": f"#/components/schemas/{body.__name__}"}}


def _security(who: Who) -> list[dict[str, list[str]]]:
    if who is Who.ANYONE:
        return []
    if who is Who.SOURCE:
        return [{who.value: []}, {"source_basic": []}]
    return [{who.value: []}]
