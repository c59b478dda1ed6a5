"""What of a machine's environment the client heeds: its proxies, and nobody's stored passwords."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import encode_basic_auth, web
from aiohttp.test_utils import TestServer

from vault.entrypoints.client.address import Address
from vault.entrypoints.client.http import answered, open_session

Seen = list[tuple[str, str | None, str | None]]


@pytest.fixture
def seen() -> Seen:
    """Where, with what token, with what word for the proxy: of each request."""
    return []


@pytest.fixture
async def server(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TestServer]:
    """A server that notes what it is asked; no proxy stands in the way."""

    async def _note(request: web.Request) -> web.Response:
        told = request.headers
        seen.append((str(request.url), told.get("Authorization"), told.get("Proxy-Authorization")))
        return web.Response()

    for name in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    app = web.Application()
    app.router.add_get("/{rest:.*}", _note)
    running = TestServer(app)
    async with running:
        yield running


async def ask(address: Address, **headers: str) -> None:
    """Send one request."""
    async with (
        open_session(address) as session,
        answered(session, "GET", address.url("/v1/source"), headers=headers),
    ):
        pass


async def test_a_stored_password_is_not_sent(
    server: TestServer, seen: Seen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ~/.netrc has for a host, or for every host, neither goes there nor takes the token's place."""
    (tmp_path / "netrc").write_text("default login me password another-secret\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    elsewhere = Address(f"http://127.0.0.1:{server.port}", None, local=False)

    await ask(elsewhere)
    await ask(elsewhere, Authorization="Bearer ours")

    assert [authorization for _, authorization, _ in seen] == [None, "Bearer ours"]


async def test_the_usual_proxy_is_asked(
    server: TestServer, seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy of the usual variable gets the request and its own password, unless the host is excepted."""
    monkeypatch.setenv("http_proxy", f"http://me:word@127.0.0.1:{server.port}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    await ask(Address("http://vault.example", None, local=False), Authorization="Bearer ours")
    await ask(Address(f"http://127.0.0.1:{server.port}/direct", None, local=False))
    monkeypatch.delenv("no_proxy")
    await ask(Address(f"http://127.0.0.1:{server.port}/local", None, local=True))

    proxied, direct, local = seen
    assert proxied == ("http://vault.example/v1/source", "Bearer ours", encode_basic_auth("me", "word"))
    assert direct[2] is None
    assert local[2] is None
