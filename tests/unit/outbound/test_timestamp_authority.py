"""Promises about asking an authority for a time stamp, over HTTP and against OpenSSL's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from keys.errors import StampInvalid
from tests.harness.authority import Authority, answered_by, answering
from vault.errors import AnchorUnavailable
from vault.outbound.timestamp_authority import HttpAuthority
from vault.ports.anchors import Anchor

_NOTE = b"callvault/log\n42\nroot\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The authority that is trusted."""
    return Authority(tmp_path_factory.mktemp("tsa") / "ours")


async def test_stamped_over_http(authority: Authority) -> None:
    """A stamp that was asked for holds on the note, and tells the time."""
    async with answering(authority) as url:
        there = HttpAuthority(url, authority.roots)
        stamp = await there.stamp(_NOTE)

    when = await there.stamped_at(Anchor(42, _NOTE, stamp))
    assert abs(datetime.now(UTC) - when) < timedelta(minutes=1)


async def test_another_authority_at_the_address(authority: Authority, tmp_path: Path) -> None:
    """Whoever answers at the address must be the one whose root was configured."""
    async with answering(authority) as url:
        with pytest.raises(StampInvalid):
            await HttpAuthority(url, Authority(tmp_path / "another").roots).stamp(_NOTE)


async def test_nobody_at_the_address(authority: Authority) -> None:
    """An authority that is away is told as something to try again."""
    with pytest.raises(AnchorUnavailable):
        await HttpAuthority("http://127.0.0.1:1/", authority.roots).stamp(_NOTE)


@pytest.mark.parametrize(
    "answer",
    [
        web.Response(status=500),
        web.Response(text="<html>"),
        web.Response(body=bytes(70_000), content_type="application/timestamp-reply"),
    ],
    ids=["an error", "a page", "too much"],
)
async def test_something_else_at_the_address(authority: Authority, answer: web.Response) -> None:
    """An answer that is no time stamp is refused without being read to its end."""

    async def _answer(_request: web.Request) -> web.Response:
        return answer

    async with answered_by(_answer) as url:
        with pytest.raises(AnchorUnavailable):
            await HttpAuthority(url, authority.roots).stamp(_NOTE)


async def test_roots_that_are_not_there(authority: Authority, tmp_path: Path) -> None:
    """A missing file of roots is named."""
    async with answering(authority) as url:
        with pytest.raises(StampInvalid, match=r"missing\.pem"):
            await HttpAuthority(url, tmp_path / "missing.pem").stamp(_NOTE)
