"""JSON bodies of whoever is signed in: the session has to live when the body is there, not before alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

import msgspec
from aiohttp import web

from vault.entrypoints.http.json_body import read_json

TRUSTED_SECONDS = 1.0
"""For so long a session that was looked at counts as live."""

_T = TypeVar("_T", bound=msgspec.Struct)


async def read_signed_json(
    request: web.Request,
    kind: type[_T],
    signed_in: Callable[[web.Request], AbstractAsyncContextManager[object]],
) -> _T:
    """Return the body as `read_json` does; raise `SignInNeeded` where the session ended meanwhile.

    Who sends a body byte by byte has half a minute, in which they may be signed out, or leave the staff.
    """
    began = time.monotonic()
    asked = await read_json(request, kind)
    if time.monotonic() - began >= TRUSTED_SECONDS:
        async with signed_in(request):
            pass
    return asked
