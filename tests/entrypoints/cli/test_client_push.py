"""Promises about uploading: whole, once, patiently, and never without a true receipt."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from keys.secret import Secret
from tests.entrypoints.cli.fake_service import TOKEN, FakeService, answers, running
from vault.entrypoints.client.address import parse_address
from vault.entrypoints.client.failures import ClientError, ServerRefused, TryAgain
from vault.entrypoints.client.http import open_session
from vault.entrypoints.client.push import Uploader
from vault.entrypoints.client.retry import Patience

_AT_ONCE = Patience(tries=4, first_wait_seconds=0)


@pytest.fixture
async def service() -> AsyncIterator[FakeService]:
    """A service for one test."""
    async with running(FakeService()) as fake:
        yield fake


@pytest.fixture
async def session(service: FakeService) -> AsyncIterator[aiohttp.ClientSession]:
    """The client's session with it."""
    async with open_session(parse_address(service.base_url)) as opened:
        yield opened


def uploader(service: FakeService, session: aiohttp.ClientSession, token: str = TOKEN) -> Uploader:
    """Return a source that waits for nothing."""
    return Uploader(session, parse_address(service.base_url), Secret(token.encode()), _AT_ONCE)


async def test_upload(service: FakeService, session: aiohttp.ClientSession, tmp_path: Path) -> None:
    """The bytes arrive whole, with their digest, their details and a name that holds a slash or a space."""
    content = bytes(range(256)) * 20_000
    file = tmp_path / "päth %2f.wav"
    file.write_bytes(content)
    details = [("Callvault-Diverted-By", "1"), ("Callvault-Diverted-By", "2"), ("Callvault-Agent", "Zoë")]

    receipt = await uploader(service, session).upload(file, details)

    name, body, said = service.uploaded[0]
    assert (name, body) == (file.name, content)
    assert said["Callvault-Diverted-By"] == ["1", "2"]
    assert said["Callvault-Agent"] == ["Zoë"]
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert said["Content-Digest"] == [f"sha-256=:{digest}:"]
    assert (receipt.recording, receipt.log_index) == ("r1", 7)


@pytest.mark.parametrize("status", [408, 429, 500, 503, 507])
async def test_patience(
    status: int, service: FakeService, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """A vault that can't take it just now is asked again, with the whole file from its beginning."""
    (tmp_path / "a.wav").write_bytes(b"sound")
    service.fault("PUT a.wav", answers(status), answers(status, **{"Retry-After": "0"}))
    sent: list[int] = []

    await uploader(service, session).upload(tmp_path / "a.wav", advance=sent.append)

    assert service.count("PUT") == 3
    assert service.uploaded[0][1] == b"sound"
    assert sum(sent) == len(b"sound"), "the bar shows more than there is"


@pytest.mark.parametrize("status", [400, 401, 403, 409, 413, 302])
async def test_no_patience_with_a_refusal(
    status: int, service: FakeService, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """What the vault refuses, or sends elsewhere, is never sent again."""
    (tmp_path / "a.wav").write_bytes(b"sound")
    service.fault("PUT a.wav", answers(status, Location="http://elsewhere.example/"))

    with pytest.raises(ServerRefused):
        await uploader(service, session).upload(tmp_path / "a.wav")

    assert service.count("PUT") == 1


async def test_patience_ends(service: FakeService, session: aiohttp.ClientSession, tmp_path: Path) -> None:
    """After some tries, or when asked to wait for an hour, it is left to whoever called."""
    (tmp_path / "a.wav").write_bytes(b"sound")
    service.fault("PUT a.wav", *[answers(503)] * 4, answers(429, **{"Retry-After": "3600"}))

    with pytest.raises(TryAgain):
        await uploader(service, session).upload(tmp_path / "a.wav")
    assert service.count("PUT") == 4
    with pytest.raises(TryAgain):
        await uploader(service, session).upload(tmp_path / "a.wav")
    assert service.count("PUT") == 5


async def test_nothing_there(tmp_path: Path) -> None:
    """Nobody listening is a reason to come again, not a crash."""
    (tmp_path / "a.wav").write_bytes(b"sound")
    address = parse_address("http://127.0.0.1:9")
    async with open_session(address) as session:
        with pytest.raises(TryAgain, match="can't be reached"):
            await Uploader(session, address, Secret(b"t"), _AT_ONCE).upload(tmp_path / "a.wav")


async def test_a_receipt_for_something_else(
    service: FakeService, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """A receipt whose digest is not the file's is none: the PBX must keep its own."""
    (tmp_path / "a.wav").write_bytes(b"sound")

    async def lie(_request: web.Request) -> web.Response:
        return web.json_response({"recording": "r", "sha256": "0" * 64, "bytes": 5})

    service.fault("PUT a.wav", lie)
    with pytest.raises(ClientError, match="keep the file"):
        await uploader(service, session).upload(tmp_path / "a.wav")


async def test_what_can_not_be_sent(
    service: FakeService, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """An empty path, an empty file and a folder are refused loudly, before anything is sent."""
    (tmp_path / "empty.wav").touch()

    for path in (Path(), tmp_path / "empty.wav", tmp_path):
        with pytest.raises(ClientError):
            await uploader(service, session).upload(path)
    with pytest.raises(OSError, match="No such file"):
        await uploader(service, session).upload(tmp_path / "none.wav")

    assert service.seen == []


async def test_a_wrong_token(service: FakeService, session: aiohttp.ClientSession) -> None:
    """A wrong token is told by the vault's own words."""
    with pytest.raises(ServerRefused, match="unknown or revoked"):
        await uploader(service, session, "wrong").introduce()
