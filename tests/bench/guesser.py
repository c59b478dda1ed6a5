"""Wrong passwords at a steady rate, as an attacker sends them. Run as a process of its own until it is ended.

Arguments: the port, guesses a second, and for how many seconds at most. Prints how many were answered.
"""

from __future__ import annotations

import asyncio
import json
import sys

import uvloop

CONNECTIONS = 100
ADDRESSES = 50
"""Of this machine, and none of them the one that customers sign in from."""


def request(number: int) -> bytes:
    """Return one guess: at the customer's name, and at others that nobody has."""
    name = "acme" if number % 2 else f"guess-{number % 9}"
    body = json.dumps({"customer": name, "password": f"wrong-{number}"}).encode()
    head = "POST /v1/collect/sessions HTTP/1.1\r\nHost: vault\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def guess(port: int, every_seconds: float, until: float, first: int) -> int:
    """Guess over one connection at a steady beat; return how many answers came."""
    address = f"127.0.1.{1 + first % ADDRESSES}"
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
    loop, number = asyncio.get_running_loop(), first
    due = loop.time()
    while loop.time() < until:
        writer.write(request(number))
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.split(b":")[1]))
        number += CONNECTIONS
        due = max(due + every_seconds, loop.time() - every_seconds)
        await asyncio.sleep(due - loop.time())
    writer.close()
    return (number - first) // CONNECTIONS


async def attack(port: int, rate: float, seconds: float) -> None:
    """Guess over many connections."""
    until = asyncio.get_running_loop().time() + seconds
    beat = CONNECTIONS / rate
    counts = await asyncio.gather(*(guess(port, beat, until, first) for first in range(CONNECTIONS)))
    sys.stdout.write(f"{sum(counts)}\n")


if __name__ == "__main__":
    uvloop.run(attack(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
