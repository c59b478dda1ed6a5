"""Tokens in requests: Bearer, or Basic with the token as password (RFC 6750, RFC 7617)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import hdrs, web

from vault.domain.source import Source
from vault.entrypoints.http.context import VAULT, visitor_actor
from vault.entrypoints.http.refusals import SignInNeeded
from vault.errors import AccessDenied, BadToken
from vault.usecases.authenticate import Visitor, authenticate
from vault.usecases.identify_source import identify_source

# What `issue_token` draws from, with room to grow: anything else needs no database to be refused.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,128}", re.ASCII)


async def calling_source(request: web.Request) -> Source:
    """Return the source whose token came in Authorization; raise `BadToken` without a good one."""
    scheme, value = _authorization(request)
    token = _basic_password(value) if scheme == "basic" else value if scheme == "bearer" else ""
    return await identify_source(request.app[VAULT], _checked(token))


async def hook_source(request: web.Request) -> Source:
    """Return the source whose write-only token is in the path; raise `BadToken`."""
    return await identify_source(request.app[VAULT], _checked(request.match_info["token"]), hook=True)


@asynccontextmanager
async def signed_in(request: web.Request) -> AsyncIterator[Visitor]:
    """Hold the customer whose session's token came as Bearer; raise `SignInNeeded` without a live one.

    A session that ends while it is used ends what is done in it just so.
    """
    token = session_token(request)
    try:
        yield await authenticate(request.app[VAULT], token, by=visitor_actor(request))
    except AccessDenied:
        raise SignInNeeded("sign in again") from None


def session_token(request: web.Request) -> str:
    """Return the session's token that came as Bearer; raise `SignInNeeded` for none, or what can't be one."""
    scheme, value = _authorization(request)
    if scheme != "bearer" or not _TOKEN.fullmatch(value):
        raise SignInNeeded("sign in first")
    return value


def _authorization(request: web.Request) -> tuple[str, str]:
    """Return the scheme in lower case and what follows it; two empty strings for none, or more than one."""
    values = request.headers.getall(hdrs.AUTHORIZATION, [])
    scheme, _, value = values[0].partition(" ") if len(values) == 1 else ("", "", "")
    return scheme.lower(), value.strip(" ")


def _basic_password(value: str) -> str:
    try:
        decoded = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
    return decoded.partition(":")[2]


def _checked(token: str) -> str:
    if not _TOKEN.fullmatch(token):
        raise BadToken("the token is unknown or revoked")
    return token
