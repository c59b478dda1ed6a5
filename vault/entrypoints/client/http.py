"""Requests to the vault: what an answer means, and whether to try again.

Redirects are not followed: a token or a recording goes where it was meant to go, or nowhere.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import aiohttp

from vault import __version__
from vault.entrypoints.client.address import Address
from vault.entrypoints.client.failures import ClientError, ServerRefused, TryAgain

_RETRIED = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
_MOST_JSON_BYTES = 16 << 20
_CONNECT_SECONDS = 30.0
_SILENCE_SECONDS = 120.0
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS, sock_read=_SILENCE_SECONDS)
# Content arrives as it is: a compressed answer could be a bomb, and its length would not be the recording's.
_HEADERS = {"User-Agent": f"callvault/{__version__}", "Accept-Encoding": "identity"}


def open_session(address: Address) -> aiohttp.ClientSession:
    """Return a session that always verifies certificates; proxies come from the usual variables."""
    return aiohttp.ClientSession(
        timeout=_TIMEOUT, headers=_HEADERS, auto_decompress=False, trust_env=not address.local
    )


@asynccontextmanager
async def answered(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    **options: Any,  # noqa: ANN401 - aiohttp's own
) -> AsyncIterator[aiohttp.ClientResponse]:
    """Yield a successful answer.

    Raise `TryAgain` on 408, 429, 5xx and a broken line, `ServerRefused` on any other status.
    """
    try:
        async with session.request(method, url, allow_redirects=False, **options) as response:
            if response.status >= HTTPStatus.MULTIPLE_CHOICES:
                raise await _failure_of(response)
            yield response
    except aiohttp.ClientSSLError as error:
        raise ClientError(f"no trusted connection to {error.host}: its certificate does not hold") from None
    except aiohttp.InvalidURL:
        raise ClientError("the address can't be read") from None
    except (aiohttp.ClientError, TimeoutError) as error:
        raise TryAgain(_line_broke(error)) from None


async def read_json(response: aiohttp.ClientResponse) -> dict[str, Any]:
    """Return the JSON object of an answer of 16 MiB at most; raise `ClientError`."""
    body = await _read_at_most(response, _MOST_JSON_BYTES)
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):  # nested too deeply to be any answer of a vault's
        value = None
    if not isinstance(value, dict):
        raise ClientError("the answer is not what a vault would say; is the address right?")
    return value


async def _failure_of(response: aiohttp.ClientResponse) -> ClientError:
    """Return the problem that the vault told (RFC 9457), or the status where it told none."""
    status = response.status
    try:
        problem = await read_json(response)
    except ClientError:
        problem = {}
    detail = str(problem.get("detail") or f"the server answered {status} {response.reason or ''}".rstrip())
    if status in _RETRIED or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return TryAgain(detail, after_seconds=_retry_after(response))
    if status < HTTPStatus.BAD_REQUEST:
        return ServerRefused(status, "redirect", f"the server answered {status}: it is elsewhere")
    return ServerRefused(status, str(problem.get("code", "")), detail)


def _retry_after(response: aiohttp.ClientResponse) -> float | None:
    """Return the seconds of Retry-After (RFC 9110, 10.2.3); a date is passed over."""
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else None


async def _read_at_most(response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > most_bytes:
            raise ClientError("the answer is longer than any of a vault")
    return bytes(body)


def _line_broke(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"{error.host}:{error.port} can't be reached: {error.os_error.strerror or 'no connection'}"
    if isinstance(error, TimeoutError):
        return "the server takes too long to answer"
    return "the connection broke"
