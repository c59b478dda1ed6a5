"""Operations of staff over HTTP: each a POST of its request, answered with what its command shows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from vault.entrypoints.http.answers import render_json
from vault.entrypoints.http.context import PATIENCE, VAULT
from vault.entrypoints.http.routes import Body, Route, Who
from vault.entrypoints.http.sending import send_body
from vault.entrypoints.http.signed_json import TRUSTED_SECONDS, read_signed_json
from vault.entrypoints.http.staff_answers import StaffItem, StaffList
from vault.entrypoints.http.staff_sessions import staff_signed_in
from vault.entrypoints.staff.operation import Acting, Operation, StreamOperation
from vault.entrypoints.staff.registry import OPERATIONS, STREAMS
from vault.entrypoints.staff.row import Row
from vault.errors import AccessDenied
from vault.usecases.refuse_role import refuse_role

LINES = "application/x-ndjson"
_SILENCE_SECONDS = 20.0
AnyOperation = Operation[Any, Any] | StreamOperation[Any]

_PROBLEMS = (400, 401, 403, 404, 408, 409, 410, 413, 415, 429, 503)


def _handler(operation: Operation[Any, Any]) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return what answers an operation over HTTP, named after it."""

    async def _handle(request: web.Request) -> web.Response:
        async with staff_signed_in(request) as visitor:
            acting = Acting(visitor.person.actor, visitor.person)
            await _must_be_for(request, operation, acting)
            asked = await read_signed_json(request, operation.asked, staff_signed_in)
            answer = await operation.answer(request.app[VAULT], acting, asked)
        if not operation.many:
            return render_json(StaffItem(dict(answer)))
        return render_json(StaffList([dict(row) for row in answer], _next(operation, asked, answer)))

    _handle.__name__ = operation.name.replace(" ", "_").replace("-", "_")
    return _handle


def _streaming(operation: StreamOperation[Any]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return what answers a stream: an object a line, each sent as it comes."""

    async def _handle(request: web.Request) -> web.StreamResponse:
        async with staff_signed_in(request) as visitor:
            acting = Acting(visitor.person.actor, visitor.person)
            await _must_be_for(request, operation, acting)
            asked = await read_signed_json(request, operation.asked, staff_signed_in)
        answer = web.StreamResponse(headers={"Content-Type": LINES})
        lines = _lines(request, operation.answer(request.app[VAULT], acting, asked))
        return await send_body(request, answer, lines, request.app[PATIENCE].stall)

    _handle.__name__ = operation.name.replace(" ", "_").replace("-", "_")
    return _handle


async def _lines(request: web.Request, rows: AsyncIterator[Row]) -> AsyncGenerator[bytes, None]:
    """Yield an object a line, and an empty line where nothing comes for a while.

    Raise `SignInNeeded` once the session has ended: who left is told nothing more, a second later at most.
    """
    coming: asyncio.Future[Row | None] | None = None
    checked = time.monotonic()
    try:
        while True:
            coming = coming or asyncio.ensure_future(anext(rows, None))
            done, _ = await asyncio.wait({coming}, timeout=_SILENCE_SECONDS)
            if time.monotonic() - checked >= TRUSTED_SECONDS:
                async with staff_signed_in(request):
                    checked = time.monotonic()
            row = coming.result() if done else {}
            if row is None:
                return
            coming = None if done else coming
            yield (msgspec.json.encode(row) if done else b"") + b"\n"
    finally:
        if coming is not None:
            coming.cancel()


async def _must_be_for(request: web.Request, operation: AnyOperation, acting: Acting) -> None:
    """Raise `AccessDenied` for a role that may not ask this; it is on the log then."""
    try:
        operation.must_be_for(acting)
    except AccessDenied:
        await refuse_role(request.app[VAULT], acting.proven, operation.name)
        raise


def _next(operation: Operation[Any, Any], asked: object, rows: list[Row]) -> int | None:
    """Return the `before` of the next page, where there may be one."""
    if operation.paged_by is None or len(rows) < getattr(asked, "limit", 0):
        return None
    last = rows[-1].get(operation.paged_by)
    return last if isinstance(last, int) else None


def _route(
    operation: AnyOperation, handler: Callable[[web.Request], Awaitable[web.StreamResponse]], body: Body
) -> Route:
    roles = ", ".join(role.value for role in operation.roles)
    return Route(
        "POST",
        f"/v1/staff/{operation.path}",
        handler,
        Who.STAFF,
        f"{operation.summary} For: {roles}.",
        {200: body},
        _PROBLEMS,
        (operation.asked,),
    )


OPERATION_ROUTES: tuple[Route, ...] = (
    *(_route(each, _handler(each), StaffList if each.many else StaffItem) for each in OPERATIONS),
    *(_route(each, _streaming(each), LINES) for each in STREAMS),
)
