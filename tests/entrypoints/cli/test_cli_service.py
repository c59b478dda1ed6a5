"""Promises about push and fetch as commands: against the real service, and killed in the middle."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.entrypoints.cli.conftest import COMMAND, Founded, Shell
from tests.entrypoints.cli.fake_service import LINK, PASSWORD, TOKEN, FakeService, answers, running

_ID = "4f7k0000000000000000"
_CONTENT = bytes(range(256)) * 4096


@pytest.fixture
async def fake() -> AsyncIterator[FakeService]:
    """A service with one recording that waits."""
    async with running(FakeService(waiting={_ID: ("call.wav", _CONTENT)})) as service:
        yield service


def secret_file(path: Path, secret: str) -> str:
    """Keep a secret in a file for its owner alone."""
    path.write_text(f"{secret}\n")
    path.chmod(0o600)
    return str(path)


async def spawn(tmp_path: Path, *words: str) -> asyncio.subprocess.Process:
    """Start the real command as a process of its own."""
    return await asyncio.create_subprocess_exec(
        *COMMAND,
        *words,
        env=Shell(tmp_path / "none").environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


def test_the_way_of_a_recording(founded: Founded, service: str, tmp_path: Path) -> None:
    """Pushed, found, fetched with the link, gone, certified: each by its command, over the real service."""
    shell, sound, folder = founded.shell, tmp_path / "call one.wav", tmp_path / "out"
    sound.write_bytes(b"RIFF" + bytes(200_000))
    shell.json("customers", "add", "delta", "--agreement", "C-4")
    token = shell.json("sources", "add", "delta-pbx", "--customer", "delta")["token"]
    token_file = secret_file(tmp_path / "token", token)
    words = ("push", str(sound), "--to", service, "--token-file", token_file, "--call-id", "c.1")

    pushed = shell.json(*words, "--calling", "+442079460000")[0]
    again = shell.json(*words, "--calling", "+442079460000")[0]
    listed = shell.json("recordings", "list", "--number", "020 7946 0000", "--around", pushed["sealed_at"])
    customer = shell.json("customers", "reissue-password", "delta", "--as", "dora", "--password-file", "-",
                          stdin=founded.passphrase)  # fmt: skip
    url = shell.json("links", "create", "delta", "--recording", pushed["recording"][:10])["url"]
    link = f"{service}/collect#{url.partition('#')[2]}"
    password = secret_file(tmp_path / "password", customer["password"])
    fetched = shell.json("fetch", link, "-o", str(folder), "--password-file", password)[0]
    nothing = shell.json(
        "fetch", service, "--customer", "delta", "-o", str(folder), "--password-file", password
    )

    assert again == pushed
    assert [recording["id"] for recording in listed] == [pushed["recording"]]
    assert (fetched["state"], fetched["sha256"], nothing) == ("shredded", pushed["sha256"], [])
    assert (folder / "call one.wav").read_bytes() == sound.read_bytes()
    _check_certificates(shell, Path(fetched["certificate"]), pushed["recording"], tmp_path)
    shown = shell.json("recordings", "show", pushed["recording"])
    assert "recording.opened" in [event["action"] for event in shown["events"]]
    assert shell.json("audit", "verify")["ok"] is True


def _check_certificates(shell: Shell, text: Path, recording: str, folder: Path) -> None:
    key, page = shell.json("audit", "key")["key"], folder / "certificate.html"
    shell.json("certificates", "show", recording[:8], "-o", str(page))
    for file in (text, page):
        assert shell.json("certificates", "verify", str(file), "--key", key)["recording"] == recording
    page.write_text(page.read_text().replace("index ", "index 1"))
    assert shell.run("certificates", "verify", str(page), "--key", key).returncode == 3


def _until(arrived: Callable[[], bool]) -> None:
    """Wait for another process's file; the test's own limit of time ends it otherwise."""
    while not arrived():
        os.sched_yield()


def test_a_wrong_password(founded: Founded, service: str, tmp_path: Path) -> None:
    """A wrong password exits 1 with one line that says no more than the vault does."""
    done = founded.shell.run(
        "fetch", service, "--customer", "acme", "-o", str(tmp_path / "out"), "--password-file", "-",
        stdin="wrong\n",
    )  # fmt: skip

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1


async def test_killed_and_run_again(fake: FakeService, tmp_path: Path) -> None:
    """After kill -9 in the middle, the next run goes on; no secret was ever on its command line."""
    password = secret_file(tmp_path / "password", PASSWORD)
    words = (
        "fetch",
        f"{fake.base_url}/collect#{LINK}",
        "-o",
        str(tmp_path / "out"),
        "--password-file",
        password,
    )
    fake.fault("GET /content", fake.stall_after(300_000))

    child = await spawn(tmp_path, *words)
    await fake.stalled.wait()
    part = tmp_path / "out" / f".call.wav.{_ID}.part"
    await asyncio.to_thread(_until, lambda: part.exists() and part.stat().st_size >= 300_000)
    command_line = await asyncio.to_thread(Path(f"/proc/{child.pid}/cmdline").read_bytes)
    child.send_signal(signal.SIGKILL)
    await child.communicate()
    receipts_before = list(fake.receipts)
    again = await spawn(tmp_path, *words, "--format", "json")
    out, err = await again.communicate()

    assert PASSWORD.encode() not in command_line
    assert receipts_before == []
    assert (again.returncode, fake.ranges) == (0, ["bytes=300000-"]), err
    assert json.loads(out)[0]["state"] == "shredded"
    assert (tmp_path / "out" / "call.wav").read_bytes() == _CONTENT


async def test_interrupted(fake: FakeService, tmp_path: Path) -> None:
    """Ctrl-C ends a transfer with 130 and one line, and signs out."""
    password = secret_file(tmp_path / "password", PASSWORD)
    fake.fault("GET /content", fake.stall_after(1000))
    child = await spawn(
        tmp_path, "fetch", f"{fake.base_url}/collect#{LINK}", "-o", str(tmp_path / "out"),
        "--password-file", password,
    )  # fmt: skip
    await fake.stalled.wait()
    child.send_signal(signal.SIGINT)
    _, err = await child.communicate()

    assert (child.returncode, err) == (130, b"callvault: stopped\n")
    assert fake.seen[-1].startswith("DELETE")


async def test_some_files_fail(fake: FakeService, tmp_path: Path) -> None:
    """One bad file does not stop the others; the exit code says whether trying again may help."""
    token = secret_file(tmp_path / "token", TOKEN)
    good, other = tmp_path / "good.wav", tmp_path / "other.wav"
    good.write_bytes(b"sound")
    other.write_bytes(b"sound")
    fake.fault("PUT other.wav", answers(429, **{"Retry-After": "3600"}))
    words = ("--to", fake.base_url, "--token-file", token, "--format", "json")

    mixed = await spawn(tmp_path, "push", "", str(tmp_path / "none"), str(good), *words)
    later = await spawn(tmp_path, "push", str(other), *words)
    (out, err), _ = await asyncio.gather(mixed.communicate(), later.communicate())

    assert (mixed.returncode, later.returncode) == (1, 4)
    assert [receipt["bytes"] for receipt in json.loads(out)] == [5]
    assert b"empty" in err
    assert err.count(b"\n") == 2
