"""Promises about the small parts of a client: addresses, names, patience, the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from vault.entrypoints.client.address import parse_address
from vault.entrypoints.client.failures import ClientError, TryAgain
from vault.entrypoints.client.ledger import Held, Ledger
from vault.entrypoints.client.names import reserve, safe_name
from vault.entrypoints.client.retry import Patience, patiently


@pytest.mark.parametrize(
    ("text", "base", "token"),
    [
        ("https://v.example/collect#abc", "https://v.example", b"abc"),
        ("https://v.example:8443/x/collect#abc", "https://v.example:8443/x", b"abc"),
        ("https://v.example/", "https://v.example", None),
        ("http://127.0.0.1:8440/collect#a", "http://127.0.0.1:8440", b"a"),
        ("http://[::1]:8440", "http://[::1]:8440", None),
        ("http://localhost", "http://localhost", None),
    ],
)
def test_addresses(text: str, base: str, token: bytes | None) -> None:
    """A link is a base address and a token; a base address may have a path."""
    address = parse_address(text)

    assert (address.base_url, address.link.reveal() if address.link else None) == (base, token)


@pytest.mark.parametrize(
    "text",
    [
        "http://v.example/collect#SECRET",
        "http://127.0.0.1.evil.example#SECRET",
        "ftp://v.example#SECRET",
        "v.example/collect#SECRET",
        "https://user:pass@v.example#SECRET",
        "https://v.example:port#SECRET",
        "https://[v#SECRET",
        "",
    ],
)
def test_unsafe_addresses(text: str) -> None:
    """Plain http beyond this machine, users in addresses and nonsense are refused; no token is repeated."""
    with pytest.raises(ClientError) as refused:
        parse_address(text)

    assert "SECRET" not in str(refused.value)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("call.wav", "call.wav"),
        ("Zoë 日本.wav", "Zoë 日本.wav"),
        ("../../etc/passwd", "_.._.._etc_passwd"),
        ("a/b\\c:d.wav", "a_b_c_d.wav"),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ("LPT¹.wav", "_LPT¹.wav"),
        (".hidden", "_.hidden"),
        ("-rf", "_-rf"),
        ("name. . ", "name"),
        ("x\x1b[2J\n.wav", "x_[2J_.wav"),
        ("...", "recording-ID"),
        ("", "recording-ID"),
        (None, "recording-ID"),
    ],
)
def test_names(told: str | None, expected: str) -> None:
    """A name is harmless on every operating system, and as close to the original as can be."""
    assert safe_name(told, "ID") == expected


def test_long_names() -> None:
    """A long name keeps its extension, and cuts no character in half."""
    short = safe_name("é" * 300 + ".wav", "ID")

    assert len(short.encode()) <= 180
    assert short.endswith("é.wav")
    assert len(safe_name("x" * 300, "ID")) == 180


def test_reserving(tmp_path: Path) -> None:
    """A name that is taken gets a number, before its extension."""
    for expected in ("a.wav", "a-2.wav", "a-3.wav"):
        assert reserve(tmp_path, "a.wav").name == expected
    assert [reserve(tmp_path, "plain").name for _ in range(2)] == ["plain", "plain-2"]


async def test_waits_double_and_are_bounded() -> None:
    """Each wait is up to double the last, never below what the vault asked, and they end."""
    waits: list[float] = []

    async def attempt() -> None:
        raise TryAgain("no", after_seconds=3 if len(waits) == 1 else None)

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    with pytest.raises(TryAgain):
        await patiently(attempt, Patience(tries=5), sleep)

    assert [0.5 <= waits[0] <= 1, waits[1] == 3, 2 <= waits[2] <= 4, 4 <= waits[3] <= 8] == [True] * 4
    assert len(waits) == 4


async def test_progress_renews_patience() -> None:
    """A long download over a bad line goes on as long as it gets on."""
    tries = 0

    async def attempt() -> str:
        nonlocal tries
        tries += 1
        if tries < 50:
            raise TryAgain("cut", progressed=True)
        return "done"

    async def sleep(_seconds: float) -> None:
        return

    assert await patiently(attempt, Patience(), sleep) == "done"


def test_a_ledger_after_a_crash(tmp_path: Path) -> None:
    """A line cut short, or one that leads elsewhere, is passed over; the last of a recording counts."""
    ledger = Ledger.open(tmp_path)
    ledger.note(Held("a", "a.wav", "00"))
    with (tmp_path / ".callvault-fetched").open("a") as file:
        file.write('{"id": "c", "file": "../c", "sha256": "", "state": null}\n{"id": "b", "fi')
    ledger.note(Held("a", "a.wav", "00", "shredded"))

    again = Ledger.open(tmp_path)

    assert list(again.held.values()) == [Held("a", "a.wav", "00", "shredded")]
