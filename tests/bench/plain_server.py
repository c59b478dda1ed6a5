"""The plainest aiohttp server: PUT writes the body to disk, GET writes the file to the connection.

No fsync, no encryption, no log, no sendfile: what aiohttp itself costs. Run as a process of its own with a
folder and a port.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import uvloop
from aiohttp import web

FOLDER = web.AppKey("folder", Path)
PIECE_BYTES = 256 * 1024


async def take(request: web.Request) -> web.Response:
    """Write the body to disk as it comes."""
    with (request.app[FOLDER] / request.match_info["name"]).open("wb", buffering=0) as file:
        async for data in request.content.iter_any():
            file.write(data)
    return web.Response(status=201)


async def give(request: web.Request) -> web.StreamResponse:
    """Write the file, or a range of it, piece by piece, each read on a thread."""
    path = request.app[FOLDER] / request.match_info["name"]
    with path.open("rb", buffering=0) as file:
        size = path.stat().st_size
        wanted = request.http_range
        start = wanted.start or 0
        stop = min(wanted.stop or size, size)
        answer = web.StreamResponse(status=206 if "Range" in request.headers else 200)
        answer.content_length = stop - start
        await answer.prepare(request)
        file.seek(start)
        while start < stop:
            data = await asyncio.to_thread(file.read, min(PIECE_BYTES, stop - start))
            start += len(data)
            await answer.write(data)
        await answer.write_eof()
    return answer


def app(folder: Path) -> web.Application:
    """Return the application over a folder."""
    plain = web.Application()
    plain[FOLDER] = folder
    plain.router.add_put("/{name}", take)
    plain.router.add_get("/{name}", give)
    return plain


if __name__ == "__main__":
    web.run_app(
        app(Path(sys.argv[1])),
        host="127.0.0.1",
        port=int(sys.argv[2]),
        print=None,
        access_log=None,
        loop=uvloop.new_event_loop(),
    )
