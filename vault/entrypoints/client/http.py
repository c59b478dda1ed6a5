"""Requests to the vault: what an answer means, and whether to try again.

Redirects are not followed: a token or a recording goes where it was meant to go, or nowhere.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from vault import __version__
from vault.entrypoints.client.address import Address
from vault.entrypoints.client.answers import Problem, decoded
from vault.entrypoints.client.connections import failure_of_connection
from vault.entrypoints.client.failures import ClientError, NotUnderstood, ServerRefused, TryAgain

Answer = TypeVar("Answer")

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
        connector=aiohttp.TCPConnector(ssl=ssl.create_default_context()) if address.tls else None,
        timeout=_TIMEOUT,
        headers=_HEADERS,
        auto_decompress=False,
        proxy=_proxy_to(address),
    )


def _proxy_to(address: Address) -> URL | None:
    """Return the proxy that the environment names, if any.

    aiohttp's `trust_env` would find it too, but also send a password of ~/.netrc in place of our token.
    """
    there = URL(address.base_url)
    named = getproxies().get(there.scheme)
    if address.local or named is None or proxy_bypass(there.host or ""):
        return None
    return URL(named if "//" in named else f"http://{named}")


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
    except aiohttp.InvalidURL:
        raise ClientError("the address can't be read") from None
    except (aiohttp.ClientError, TimeoutError) as error:
        raise failure_of_connection(error, tls=url.startswith("https:")) from None


async def read_answer(response: aiohttp.ClientResponse, kind: type[Answer]) -> Answer:
    """Return the JSON of an answer of 16 MiB at most as what it must be; raise `NotUnderstood`."""
    return decoded(await _read_at_most(response, _MOST_JSON_BYTES), kind)


async def _failure_of(response: aiohttp.ClientResponse) -> ClientError:
    """Return the problem that the vault told (RFC 9457), or the status where it told none."""
    status = response.status
    try:
        problem = await read_answer(response, Problem)
    except ClientError:
        problem = Problem()
    detail = problem.detail or f"the server answered {status} {response.reason or ''}".rstrip()
    if problem.reference is not None:
        detail = f"{detail}: {problem.reference}"
    if status in _RETRIED or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return TryAgain(detail, after_seconds=_retry_after(response))
    if status < HTTPStatus.BAD_REQUEST:
        return ServerRefused(status, "redirect", f"the server answered {status}: it is elsewhere")
    return ServerRefused(status, problem.code, detail)


def _retry_after(response: aiohttp.ClientResponse) -> float | None:
    """Return the seconds of Retry-After (RFC 9110, 10.2.3); a date is passed over."""
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else None


async def _read_at_most(response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > most_bytes:
            raise NotUnderstood("the answer is longer than any of a vault")
    return bytes(body)
