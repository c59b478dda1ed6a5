"""Slow connections, held for as long as they are let: heads, bodies and readers that crawl.

Run as a process of its own. Arguments: the port, how many, and for how many seconds at most. Prints how many
were still open at the end.
"""

from __future__ import annotations

import asyncio
import sys

import uvloop

_BETWEEN_SECONDS = 1.0
_JSON = b"Content-Type: application/json\r\nContent-Length: 16000"
_SHAPES = (
    (b"GET /collect HTTP/1.1\r\nHost: vault\r\n", b"X: y\r\n"),
    (b"POST /v1/collect/sessions HTTP/1.1\r\nHost: vault\r\n" + _JSON + b"\r\n\r\n", b" "),
    (b"GET /openapi.json HTTP/1.1\r\nHost: vault\r\n\r\n" * 16, b""),
)


async def crawl(port: int, number: int, until: float) -> bool:
    """Be slow, and again whenever the service has had enough; say whether a connection is open at the end."""
    first, drop = _SHAPES[number % len(_SHAPES)]
    loop = asyncio.get_running_loop()
    writer = None
    try:
        while loop.time() < until:
            if writer is None or writer.is_closing():
                _, writer = await asyncio.open_connection("127.0.0.1", port, limit=256)
                writer.write(first)
            writer.write(drop)
            await asyncio.sleep(_BETWEEN_SECONDS)
    except OSError:
        return False
    return writer is not None and not writer.is_closing()


async def hold(port: int, count: int, seconds: float) -> None:
    """Hold so many at once."""
    until = asyncio.get_running_loop().time() + seconds
    kept = await asyncio.gather(*(crawl(port, number, until) for number in range(count)))
    sys.stdout.write(f"{sum(kept)}\n")


if __name__ == "__main__":
    uvloop.run(hold(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
