"""Promises about recordings that staff opens from machines of their own."""

from __future__ import annotations

import base64
import signal
import stat
import subprocess
from pathlib import Path

import pytest

from keys.age import HybridIdentity, open_file
from tests.entrypoints.cli.conftest import COMMAND, Shell
from tests.harness.people_there import REASON, SOUND, People
from tests.harness.processes import bytes_written, eventually
from tests.harness.wiretap import tapped


@pytest.mark.parametrize(("name", "form"), [("dana", "plain"), ("olga", "sealed")])
def test_a_dpo_opens_from_elsewhere(people: People, tmp_path: Path, name: str, form: str) -> None:
    """By passphrase or identity file the recording arrives whole, for its owner's eyes, on record by HTTP."""
    file = tmp_path / "call.wav"
    before = len(people.actions("recording.opened"))

    done = people.run(name, "recordings", "open", people.own[:12], "--reason", REASON, "-o", str(file))

    assert done.returncode == 0, done.stderr
    assert file.read_bytes() == SOUND
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]
    entry = people.actions("recording.opened")[before]
    assert (entry["name"], entry["reason"], entry["channel"]) == (name, REASON, "http")
    assert entry["facts"].get("sealed", False) is (form == "sealed")
    assert entry["detail"]["address"] == "127.0.0.1"


def test_with_an_identity_file_nothing_readable_passes(people: People, tmp_path: Path) -> None:
    """Neither identity nor plaintext is in what the network and the server saw; by passphrase both are."""
    wanted = ("recordings", "open", people.theirs, "--reason", REASON, "-o")
    with tapped(people.service.url) as tap:
        assert people.run("olga", *wanted, str(tmp_path / "a"), url=tap.url).returncode == 0
        heard = b"".join(map(bytes, tap.heard.values()))
    with tapped(people.service.url) as tap:
        assert people.run("dana", *wanted, str(tmp_path / "b"), url=tap.url).returncode == 0
        aloud = b"".join(map(bytes, tap.heard.values()))

    secret = people.identity.encode().reveal()
    assert len(heard) > len(SOUND)
    for hidden in (SOUND[:64], SOUND[70_000:70_064], SOUND[-64:], secret, secret[20:60]):
        assert hidden not in heard
        assert base64.b64encode(hidden)[4:40] not in heard
    assert b"AGE-SECRET-KEY" not in heard
    assert SOUND[:64] in aloud, "or the test would listen to nothing"
    assert people.passphrases["dana"].encode() in aloud


def test_a_player_is_fed_from_elsewhere(people: People) -> None:
    """`-o -` writes the recording, and nothing else, to standard output."""
    words = ["recordings", "open", people.own, "--as", "olga", "--reason", REASON, "-o", "-"]
    done = subprocess.run(
        [*COMMAND, *words, "--server", people.service.url, "--identity", str(people.identity_file)],
        env=Shell(people.elsewhere / "no-vault-here").environ,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == SOUND


@pytest.mark.parametrize("ended_by", [signal.SIGTERM, signal.SIGINT])
def test_an_opening_that_is_cut_leaves_nothing(people: People, tmp_path: Path, ended_by: int) -> None:
    """SIGTERM and Ctrl-C in the middle of a recording remove what was written of it."""
    file = tmp_path / "call.wav"
    with tapped(people.service.url) as tap:
        tap.drip(bytes_per_second=400_000)
        words = ["recordings", "open", people.own, "--as", "olga", "--reason", REASON, "-o", str(file)]
        process = subprocess.Popen(
            [*COMMAND, *words, "--server", tap.url, "--identity", str(people.identity_file)],
            env=Shell(people.elsewhere / "no-vault-here").environ,
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        try:
            eventually(lambda: bytes_written(process.pid, tmp_path) > 0)
            process.send_signal(ended_by)
            code = process.wait(30)
        finally:
            process.kill()
            process.wait()

    assert code == 128 + ended_by
    assert list(tmp_path.iterdir()) == []


def test_a_broken_line_leaves_nothing(people: People, tmp_path: Path) -> None:
    """What ends early is to be tried again (4); the file appears whole or not at all."""
    file = tmp_path / "call.wav"
    words = ("recordings", "open", people.own, "--reason", REASON, "-o", str(file))
    with tapped(people.service.url) as tap:
        tap.reset_after(1_500_000, towards="client")
        done = people.run("olga", *words, url=tap.url)

    assert done.returncode == 4, done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_manager_opens_by_grant_from_elsewhere(people: People, tmp_path: Path) -> None:
    """The grant's password in a file, besides the passphrase; without it a manager gets nothing."""
    file, grant = tmp_path / "call.wav", granted(tmp_path, people.grant)
    words = ("recordings", "open", people.own, "--reason", REASON, "-o", str(file))

    assert people.run("mia", *words).returncode == 1
    assert not file.exists()
    done = people.run("mia", *words, "--grant", grant)
    assert done.returncode == 0, done.stderr
    assert file.read_bytes() == SOUND


def test_with_an_identity_file_no_grants_password_passes(people: People, tmp_path: Path) -> None:
    """Identity, password and plaintext stay out of what network and server saw; one use, on record."""
    file, grant = tmp_path / "call.wav", granted(tmp_path, people.manager_grant)
    before = len(people.actions("grant.used"))
    with tapped(people.service.url) as tap:
        done = people.run(
            "ida", "recordings", "open", people.own[:12], "--reason", REASON, "-o", str(file),
            "--grant", grant, url=tap.url,
        )  # fmt: skip
        heard = b"".join(map(bytes, tap.heard.values()))

    assert done.returncode == 0, done.stderr
    assert file.read_bytes() == SOUND
    assert len(heard) > len(SOUND)
    for hidden in (SOUND[:64], SOUND[-64:], people.manager.encode().reveal()[20:60]):
        assert hidden not in heard
    password = people.manager_grant.encode()
    for hidden in (password, base64.b64encode(password)[:24]):
        assert hidden not in heard
    used, opened = people.actions("grant.used")[before:], people.actions("recording.opened")[-1]
    assert [(each["name"], each["channel"], each["facts"]["sealed"]) for each in used] == [
        ("ida", "http", True)
    ]
    assert (opened["name"], opened["facts"]["grant"]) == ("ida", used[0]["facts"]["grant"])


def test_a_wrong_grant_password_gets_nothing_from_elsewhere(people: People, tmp_path: Path) -> None:
    """No use is spent, no layer of the grant leaves the vault; the log says what it was."""
    grant, file = granted(tmp_path, "not-the-one"), tmp_path / "call.wav"
    before = len(people.actions("grant.used"))
    words = ("recordings", "open", people.own, "--reason", REASON, "-o", str(file), "--grant", grant)
    with tapped(people.service.url) as tap:
        done = people.run("ida", *words, url=tap.url)
        heard = b"".join(map(bytes, tap.heard.values()))

    assert (done.returncode, done.stderr.count("\n"), file.exists()) == (1, 1, False)
    assert people.actions("recording.refused")[-1]["facts"]["why"] == "grant_password"
    assert len(people.actions("grant.used")) == before
    assert b"callvault/argon2id" not in heard
    assert heard.count(b"age-encryption.org/v1") == 0, "the question of the sign-in is in base64"


def test_changed_layers_leave_nothing(people: People, tmp_path: Path) -> None:
    """A grant's layers that were changed on the way open nothing: no file, and no success."""
    grant, file = granted(tmp_path, people.manager_grant), tmp_path / "call.wav"
    words = ("recordings", "open", people.own, "--reason", REASON, "-o", str(file), "--grant", grant)
    with tapped(people.service.url) as tap:
        tap.flipped_after = b"-> mlkem768x25519 "
        done = people.run("ida", *words, url=tap.url)

    assert (done.returncode, done.stderr.count("\n"), file.exists()) == (1, 1, False), done.stderr


def granted(folder: Path, password: str) -> str:
    """Return a file with a grant's password, its owner's alone."""
    file = folder / "grant"
    file.write_text(password)
    file.chmod(0o600)
    return str(file)


def test_an_export_arrives_from_elsewhere(people: People, tmp_path: Path) -> None:
    """A DPO's export to a recipient of their choice opens with the standard tools."""
    identity, file = HybridIdentity.generate(), tmp_path / "call.age"
    words = ("recordings", "export", people.theirs, "--reason", REASON, "--to", str(identity.recipient))

    shown = people.json("dana", *words, "-o", str(file))

    assert open_file(file.read_bytes(), [identity]) == SOUND
    assert shown["id"] == people.theirs
    assert shown["bytes"] == file.stat().st_size
    refused = people.run("olga", *words, "-o", str(tmp_path / "other.age"))
    assert (refused.returncode, "identity file" in refused.stderr) == (1, True)
    assert not (tmp_path / "other.age").exists()


@pytest.mark.parametrize("name", ["dana", "olga"])
def test_a_changed_byte_leaves_nothing(people: People, tmp_path: Path, name: str) -> None:
    """What is not the recording, opened there or here, is no file and no success."""
    file = tmp_path / "call.wav"
    words = ("recordings", "open", people.own, "--reason", REASON, "-o", str(file))
    with tapped(people.service.url) as tap:
        tap.flipped = 1_000_000
        done = people.run(name, *words, url=tap.url)

    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert list(tmp_path.iterdir()) == []
