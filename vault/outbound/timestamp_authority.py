"""A time-stamping authority over HTTP: RFC 3161, 3.4."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import aiohttp

from keys.errors import StampInvalid
from keys.timestamps import MOST_STAMP_BYTES, open_stamp, stamp_request, stamp_roots
from vault.errors import AnchorUnavailable
from vault.ports.anchors import Anchor

_TIMEOUT = aiohttp.ClientTimeout(total=60.0, sock_connect=10.0)
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"


class HttpAuthority:
    """See `vault.ports.anchors.TimestampAuthority`. `roots` is a PEM file of who is trusted to sign."""

    def __init__(self, url: str, roots: Path) -> None:
        self._url = url
        self._roots = roots

    async def stamp(self, note: bytes) -> bytes:
        """Return a time stamp that holds; raise `AnchorUnavailable`, `StampInvalid`."""
        answer = await self._ask(await asyncio.to_thread(stamp_request, note))
        await asyncio.to_thread(self._open, answer, note)
        return answer

    async def stamped_at(self, anchor: Anchor) -> datetime:
        """Return the time in an anchor's stamp; raise `StampInvalid`."""
        if anchor.stamp is None:
            raise StampInvalid("there is no time stamp")
        return await asyncio.to_thread(self._open, anchor.stamp, anchor.note)

    async def _ask(self, query: bytes) -> bytes:
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=True) as session,
                session.post(
                    self._url, data=query, headers={"Content-Type": _QUERY}, allow_redirects=False
                ) as response,
            ):
                if response.status != 200 or response.content_type != _REPLY:  # noqa: PLR2004 - HTTP's own
                    raise AnchorUnavailable(f"the time-stamping authority answered {response.status}")
                return await _read_at_most(response, MOST_STAMP_BYTES)
        except (aiohttp.ClientError, TimeoutError):
            raise AnchorUnavailable("the time-stamping authority can't be reached") from None

    def _open(self, answer: bytes, note: bytes) -> datetime:
        try:
            pem = self._roots.read_bytes()
        except OSError as error:
            raise StampInvalid(f"{self._roots}: {error.strerror}") from None
        return open_stamp(answer, note, stamp_roots(pem))


async def _read_at_most(response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > most_bytes:
            raise AnchorUnavailable("the time-stamping authority answered with more than a time stamp")
    return bytes(body)
