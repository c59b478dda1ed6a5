"""Every route with its description: the router and `GET /openapi.json` are both made from this table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec
from aiohttp import web

from vault.entrypoints.http import answers, collect, operator, uploads

Body = type[msgspec.Struct] | str | None
"""A struct for JSON, a media type for bytes, None for nothing."""


class Who(StrEnum):
    """Who may call a route; the values are names of OpenAPI security schemes."""

    ANYONE = ""
    SOURCE = "source"
    CUSTOMER = "customer"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Route:
    """A route. `answers` are by status; errors are problems everywhere and only numbered here.

    `sends` names the headers that mean something, by the status of their answer.
    """

    method: str
    path: str
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    who: Who
    summary: str
    answers: Mapping[int, Body]
    problems: tuple[int, ...] = ()
    takes: tuple[type[msgspec.Struct] | str, ...] = ()
    headers: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    sends: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


CALL_DETAILS = tuple(
    f"Callvault-{name}"
    for name in (
        "Call-Id",
        "Calling",
        "Called",
        "Diverted-By",
        "Started-At",
        "Duration",
        "Direction",
        "Carrier",
        "Agent",
    )
)
_BYTES = "application/octet-stream"
_FORM = "multipart/form-data"
_RECEIPTS: Mapping[int, Body] = {201: answers.Receipt, 200: answers.Receipt}
_UPLOAD_PROBLEMS = (400, 401, 408, 409, 413, 415, 417, 503, 507)
_SESSION_PROBLEMS = (401, 503)


def _upload(
    method: str, path: str, handler: Callable[[web.Request], Awaitable[web.Response]], who: Who
) -> Route:
    """Describe one of the ways in; the form is taken by POST only."""
    summary = "Hand over a recording. 200 is the same receipt for the same recording again."
    takes = (_BYTES, _FORM) if method == "POST" else (_BYTES,)
    return Route(
        method,
        path,
        handler,
        who,
        summary,
        _RECEIPTS,
        _UPLOAD_PROBLEMS,
        takes,
        headers=(*CALL_DETAILS, "Content-Digest"),
        query=CALL_DETAILS,
    )


_NAMED = "{file_name:[^/]*}"  # empty, too, so that an empty variable in a hook is told as what it is
_HOOK = "/v1/hooks/{token}"
_CONTENT = "/v1/collect/recordings/{id}/content"
_ABOUT_CONTENT = ("Accept-Ranges", "Content-Disposition", "ETag")
_READING = ("Range", "If-Range", "If-Match", "If-None-Match")

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/healthz",
        operator.show_health,
        Who.ANYONE,
        "Whether the process runs.",
        {200: answers.Health},
    ),
    Route(
        "GET",
        "/readyz",
        operator.show_readiness,
        Who.ANYONE,
        "Whether log, database, store and slots can serve.",
        {200: answers.Readiness, 503: answers.Readiness},
    ),
    Route(
        "GET",
        "/metrics",
        operator.show_metrics_here,
        Who.ANYONE,
        "Counts as Prometheus text, for this machine only.",
        {200: "text/plain"},
        (404,),
    ),
    Route(
        "GET",
        "/v1/source",
        uploads.show_source,
        Who.SOURCE,
        "Who a source is, and that it may upload.",
        {200: answers.SourceAnswer},
        (401, 409, 503),
    ),
    _upload("PUT", f"/v1/recordings/{_NAMED}", uploads.put_recording, Who.SOURCE),
    _upload("POST", "/v1/recordings", uploads.post_recording, Who.SOURCE),
    _upload("PUT", f"{_HOOK}/{_NAMED}", uploads.take_hook, Who.ANYONE),
    _upload("POST", f"{_HOOK}/{_NAMED}", uploads.take_hook, Who.ANYONE),
    _upload("POST", _HOOK, uploads.post_hook, Who.ANYONE),
    Route(
        "POST",
        "/v1/collect/sessions",
        collect.begin_session,
        Who.ANYONE,
        "Sign in, with a link or a name, and the password. 403 alike for every wrong pair.",
        {201: answers.SessionAnswer},
        (400, 403, 413, 415, 429, 503),
        (answers.SignInRequest,),
    ),
    Route(
        "DELETE",
        "/v1/collect/sessions/current",
        collect.end_current_session,
        Who.CUSTOMER,
        "Sign out.",
        {204: None},
        _SESSION_PROBLEMS,
    ),
    Route(
        "GET",
        "/v1/collect/recordings",
        collect.list_recordings,
        Who.CUSTOMER,
        "What waits, newest first.",
        {200: answers.WaitingList},
        (400, *_SESSION_PROBLEMS),
        query=("cursor", "limit"),
    ),
    Route(
        "GET",
        _CONTENT,
        collect.send_content,
        Who.CUSTOMER,
        "Read a recording, or a range of it. Reading destroys nothing.",
        {200: _BYTES, 206: _BYTES, 304: None},
        (404, 410, 412, 416, *_SESSION_PROBLEMS),
        headers=_READING,
        sends={200: _ABOUT_CONTENT, 206: (*_ABOUT_CONTENT, "Content-Range"), 304: ("ETag",)},
    ),
    Route(
        "HEAD",
        _CONTENT,
        collect.describe_content,
        Who.CUSTOMER,
        "The headers of a recording; it is not opened.",
        {200: None},
        (404, 410, 412, *_SESSION_PROBLEMS),
        headers=("If-Match",),
        sends={200: _ABOUT_CONTENT},
    ),
    Route(
        "POST",
        "/v1/collect/recordings/{id}/receipt",
        collect.take_receipt,
        Who.CUSTOMER,
        "Prove that the recording is held, by its SHA-256. This destroys it here.",
        {200: answers.Collection},
        (400, 404, 409, 413, 415, *_SESSION_PROBLEMS),
        (answers.ReceiptRequest,),
    ),
)

OPERATOR_ROUTES = (
    ("/healthz", operator.show_health),
    ("/readyz", operator.show_readiness),
    ("/metrics", operator.show_metrics),
)
"""The operator's own listener, if one is configured."""
