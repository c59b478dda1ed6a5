"""A recording on its way out: piece by piece, each within a limit of time, cut off when it goes wrong.

What a reader got is nobody's proof of anything: that a body was written destroys nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from aiohttp import web

_SLICE_BYTES = 256 * 1024
"""What a reader must take within the limit of time."""


async def send_body(
    request: web.Request, response: web.StreamResponse, body: AsyncIterator[bytes], stall_seconds: float
) -> web.StreamResponse:
    """Answer with the body; raise `ConnectionAbortedError` for a reader that takes nothing any more.

    The first piece is opened before the headers leave, so that what can't be opened is a proper problem.
    """
    async with aclosing(_generator(body)) as pieces:
        first = await anext(pieces, b"")
        await response.prepare(request)
        await _write(request, response, first, stall_seconds)
        async for piece in pieces:
            await _write(request, response, piece, stall_seconds)
    await response.write_eof()
    return response


async def _write(
    request: web.Request, response: web.StreamResponse, piece: bytes, stall_seconds: float
) -> None:
    view = memoryview(piece)
    for start in range(0, len(view), _SLICE_BYTES):
        try:
            async with asyncio.timeout(stall_seconds):
                await response.write(view[start : start + _SLICE_BYTES])
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
            raise ConnectionAbortedError("the reader takes nothing any more") from None


async def _generator(body: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Pass the pieces on, and close what makes them whatever happens."""
    try:
        async for piece in body:
            yield piece
    finally:
        if isinstance(body, AsyncGenerator):
            await body.aclose()
