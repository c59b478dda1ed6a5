"""Errors as RFC 9457 problem details: one table of statuses, one middleware, nothing of the inside told.

Clients retry on 408, 429 and 5xx, never on another 4xx: the table decides who comes back.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

import msgspec
import structlog
from aiohttp import web
from multidict import CIMultiDict

from keys.errors import CustodyUnavailable, KeysError, SlotDestroyed, SlotsUnavailable
from vault import errors
from vault.entrypoints.http import refusals
from vault.entrypoints.http.answers import Problem
from vault.entrypoints.http.causes import log_unavailable

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

STATUS: Mapping[type[Exception], HTTPStatus] = {
    errors.Invalid: HTTPStatus.BAD_REQUEST,
    errors.UploadCut: HTTPStatus.REQUEST_TIMEOUT,
    errors.RecordingTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.RangeUnsatisfiable: HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
    refusals.BodyTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    refusals.UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    refusals.ExpectationUnknown: HTTPStatus.EXPECTATION_FAILED,
    refusals.PreconditionFailed: HTTPStatus.PRECONDITION_FAILED,
    errors.Refused: HTTPStatus.FORBIDDEN,
    refusals.SignInNeeded: HTTPStatus.UNAUTHORIZED,
    errors.BadToken: HTTPStatus.UNAUTHORIZED,
    errors.TooManyGuesses: HTTPStatus.TOO_MANY_REQUESTS,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.Collected: HTTPStatus.GONE,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.StorageFull: HTTPStatus.INSUFFICIENT_STORAGE,
    SlotsUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    CustodyUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    SlotDestroyed: HTTPStatus.GONE,
}
"""The status of each error class; a class that is not here has its parent's, and at last 500."""

_HTTP_CODES = {
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "body_too_large",
}
_TOLD = (errors.Invalid, errors.Refused, errors.NotFound, errors.Conflict)
"""Errors whose message is written for the caller; the others speak of the inside."""

_RETRY_AFTER_SECONDS = 5
_REALM = 'realm="callvault"'

log = structlog.get_logger("callvault.http")


def status_of(error: Exception) -> HTTPStatus:
    """Return the status of an error: that of its nearest class in the table."""
    for kind in type(error).__mro__:
        if kind in STATUS:
            return STATUS[kind]
    return HTTPStatus.INTERNAL_SERVER_ERROR


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever is raised into a problem; once bytes have left, cut the connection instead."""
    try:
        return await handler(request)
    except ConnectionError:
        if _has_left(request):
            raise
        return _answer_instead(request, internal_problem(ConnectionError()))
    except web.HTTPException as error:
        return _answer_instead(request, http_problem(error))
    except (errors.VaultError, KeysError) as error:
        return _answer_instead(request, problem_of(error))
    except Exception as error:  # noqa: BLE001 - the last line: nothing of an unknown error may reach the caller
        return _answer_instead(request, internal_problem(error))


def problem_of(error: errors.VaultError | KeysError) -> web.Response:
    """Return the problem of a known error; what means a fault of ours is told as `internal_error`."""
    status = status_of(error)
    if status is HTTPStatus.INTERNAL_SERVER_ERROR:
        return internal_problem(error)
    if isinstance(error, _TOLD):
        detail = str(error)
    else:
        detail = "this can't be done just now; try again in a moment"
        log_unavailable(error)
    field = error.field if isinstance(error, refusals.FieldInvalid) else None
    return render(Problem.of(status, error.code, detail, field=field), _headers(error))


def http_problem(error: web.HTTPException) -> web.Response:
    """Return the problem of what the router or aiohttp itself refused; its own text may echo the request."""
    status = HTTPStatus(error.status)
    code = _HTTP_CODES.get(status, "invalid_request")
    kept = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    return render(Problem.of(status, code, status.description or status.phrase), kept)


def internal_problem(error: Exception) -> web.Response:
    """Return a 500 whose random reference is in the log, beside what really happened."""
    reference = secrets.token_hex(8)
    log.error("internal error", reference=reference, exc_info=error)
    detail = "something went wrong here; the operator finds it in the log under this reference"
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return render(Problem.of(status, "internal_error", detail, reference=reference))


def render(problem: Problem, headers: Mapping[str, str] | CIMultiDict[str] | None = None) -> web.Response:
    """Return the problem as an answer."""
    return web.Response(
        status=problem.status,
        body=msgspec.json.encode(problem),
        content_type="application/problem+json",
        headers=headers,
    )


def _headers(error: Exception) -> CIMultiDict[str]:
    """Return the headers that an error's status asks for."""
    headers: CIMultiDict[str] = CIMultiDict()
    match error:
        case errors.BadToken():
            headers.add("WWW-Authenticate", f"Bearer {_REALM}")
            headers.add("WWW-Authenticate", f'Basic {_REALM}, charset="UTF-8"')
        case refusals.SignInNeeded():
            headers["WWW-Authenticate"] = f"Bearer {_REALM}"
        case errors.TooManyGuesses():
            headers["Retry-After"] = str(error.retry_after_seconds)
        case errors.Unavailable() | SlotsUnavailable() | CustodyUnavailable():
            headers["Retry-After"] = str(_RETRY_AFTER_SECONDS)
        case errors.RangeUnsatisfiable():
            headers["Content-Range"] = f"bytes */{error.plaintext_bytes}"
    return headers


def _answer_instead(request: web.Request, problem: web.Response) -> web.Response:
    """Return the problem, or cut the connection if the answer has begun: a short body must look short."""
    if request.writer.output_size > 0:
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError("the answer had begun")
    return problem


def _has_left(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()
