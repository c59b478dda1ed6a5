"""JSON bodies: small, strict, and only when they say that they are JSON."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec
from aiohttp import web

from vault.entrypoints.http.context import PATIENCE
from vault.entrypoints.http.receiving import is_encoded, raw_body, send_continue
from vault.entrypoints.http.refusals import BodyTooLarge, FieldInvalid, UnsupportedMediaType

MOST_BYTES = 16 * 1024
_MOST_IDLE_SECONDS = 10.0
# msgspec ends its message with the place: "… - at `$.password`".
_PLACE = re.compile(r" - at `(?:key in )?\$\.?([a-z0-9_.\[\]]*)`$")

_T = TypeVar("_T", bound=msgspec.Struct)


async def read_json(request: web.Request, kind: type[_T]) -> _T:
    """Return the body as `kind`; raise `UnsupportedMediaType`, `BodyTooLarge` or `FieldInvalid`."""
    if request.content_type != "application/json":
        raise UnsupportedMediaType("Content-Type: application/json is what this takes")
    if is_encoded(request.headers):
        raise UnsupportedMediaType("Content-Encoding: send the body as it is")
    body = await _limited(request)
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        place = _PLACE.search(str(error))
        field = place[1] if place and place[1] else "body"
        raise FieldInvalid(field, f"not as `{kind.__name__}` in /openapi.json asks") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise FieldInvalid("body", "JSON in UTF-8") from None


async def _limited(request: web.Request) -> bytes:
    if (request.content_length or 0) > MOST_BYTES:
        raise BodyTooLarge(f"at most {MOST_BYTES} bytes")
    await send_continue(request)
    body = bytearray()
    async for piece in raw_body(request, min(request.app[PATIENCE].idle, _MOST_IDLE_SECONDS)):
        body += piece
        if len(body) > MOST_BYTES:
            raise BodyTooLarge(f"at most {MOST_BYTES} bytes")
    return bytes(body)
