"""A server in bad hands: what it says is an answer or none, and never a crash."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from keys.secret import Secret
from tests.harness.mimic import ODD_BODIES
from vault.entrypoints.client.address import Address, parse_address
from vault.entrypoints.client.answers import Item, One, WaitingPage, decoded, relied_on
from vault.entrypoints.client.failures import ClientError, NotUnderstood
from vault.entrypoints.client.http import open_session
from vault.entrypoints.client.staff import staff_signed_in
from vault.entrypoints.staff.grants import Issued


@asynccontextmanager
async def saying(token: str, lines: bytes = b"") -> AsyncIterator[Address]:
    """Run a server that signs everybody in with that token, and answers streams with those lines."""

    async def _sign_in(_request: web.Request) -> web.Response:
        return web.json_response({"token": token}, status=201)

    async def _stream(_request: web.Request) -> web.Response:
        return web.Response(body=lines)

    app = web.Application()
    app.router.add_post("/v1/staff/sessions", _sign_in)
    app.router.add_post("/v1/staff/audit/tail", _stream)
    running = TestServer(app)
    async with running:
        yield parse_address(f"http://127.0.0.1:{running.port}")


async def follow(address: Address) -> list[Item]:
    """Sign in and read a stream to its end."""
    async with (
        open_session(address) as session,
        staff_signed_in(session, address, "dana", Secret(b"passphrase")) as desk,
    ):
        return [row async for row in desk.stream("audit/tail", {})]


@pytest.mark.parametrize("token", ["a\r\nX-Injected: yes", "", "two words", "t\u00f6ken", "x" * 600])
async def test_a_token_that_fits_no_header(token: str) -> None:
    """A token that would break a header is no vault's."""
    async with saying(token) as address:
        with pytest.raises(ClientError, match="not what a vault would say"):
            await follow(address)


@pytest.mark.parametrize("line", [b"[" * 5000, b'{"a":' * 5000, b"5", b"\xff\xfe", json.dumps([1]).encode()])
async def test_a_line_that_is_no_object(line: bytes) -> None:
    """Neither nesting without end nor anything else in a stream is taken for a row."""
    async with saying("token", line + b"\n") as address:
        with pytest.raises(ClientError, match="not what a vault would say"):
            await follow(address)


@pytest.mark.parametrize("body", ODD_BODIES)
def test_an_answer_is_what_it_must_be(body: bytes) -> None:
    """Nothing else is read as a row: no other type, no endless nesting or number, no half a character."""
    with pytest.raises(NotUnderstood):
        decoded(body, One)


@pytest.mark.parametrize("odd", [None, True, "two", [], {}, -1, 1.5, 10**30])
def test_a_count_is_a_count(odd: object) -> None:
    """A size that is none is no vault's, and reaches no arithmetic."""
    page = {"items": [{"id": "8yv0w8v3m5t7c9x1r2kq", "bytes": odd}], "next": None}
    with pytest.raises(NotUnderstood):
        decoded(json.dumps(page).encode(), WaitingPage)


def test_a_row_is_as_deep_as_a_vaults() -> None:
    """As deep as the history of a recording with its facts; deeper is none."""
    facts: object = {"facts": {"numbers": [1, 2]}}
    assert decoded(json.dumps({"item": {"events": [facts]}}).encode(), One).item["events"] == [facts]
    with pytest.raises(NotUnderstood):
        decoded(json.dumps({"item": {"events": [{"facts": {"numbers": [[1]]}}]}}).encode(), One)


def test_what_a_command_relies_on_is_there() -> None:
    """A row without it, or with something else there, is no vault's; what else is in it does not matter."""
    relied_on({"id": "x", "state": "live", "new": [1]}, Issued)
    for row in ({"id": "x"}, {"id": "x", "state": None}, {"id": 5, "state": "live"}, {}):
        with pytest.raises(NotUnderstood):
            relied_on(row, Issued)
