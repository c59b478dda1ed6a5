"""Promises about what a person is told where the words on the command line don't fit the vault."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.entrypoints.cli.conftest import Founded, Shell
from vault.entrypoints.cli import exits
from vault.entrypoints.cli.exits import ExitCode
from vault.entrypoints.cli.main import main
from vault.entrypoints.cli.times import moment_in


@pytest.mark.parametrize("url", ["mysql://x", "not a url", "sqlite:x", "postgresql"])
def test_a_database_of_another_kind(founded: Founded, url: str) -> None:
    """Where a vault can't move, the line says where it can."""
    done = founded.shell.run("migrate-database", "--to", url)

    assert done.returncode == ExitCode.FAILED
    assert "[database] url" in done.stderr
    assert "sqlite:///PATH or postgresql://" in done.stderr
    assert founded.shell.run("status").returncode == 0


def test_an_actor_whom_nobody_knows(founded: Founded) -> None:
    """A mistyped name is no person who did nothing; who acted is found by name and by opaque id."""
    shell = founded.shell
    mistyped = shell.run("audit", "list", "--actor", "dorra")
    done = shell.json("audit", "list", "--action", "source.added")
    by_name, by_id = (
        shell.json("audit", "list", "--actor", done[0][field], "--action", "source.added")
        for field in ("name", "actor")
    )

    assert (mistyped.returncode, mistyped.stdout) == (1, "")
    assert "nobody of that name" in mistyped.stderr
    assert done[0]["actor"].startswith("os:")
    assert by_name == by_id == done
    for known in ("dora", "acme", "acme-pbx", "service", "staff:00000000000000000000"):
        assert shell.run("audit", "list", "--actor", known).returncode == 0, known


def test_whom_an_entry_is_about(founded: Founded) -> None:
    """Who was added stands in the table, by name; a table about nobody has no such column."""
    added = founded.shell.run("audit", "list", "--action", "customer.added")
    source = founded.shell.json("audit", "list", "--action", "source.added")[-1]
    issued = founded.shell.json("audit", "list", "--action", "password.issued")[-1]
    listed = founded.shell.run("audit", "list", "--action", "vault.created")

    header, *rows = added.stdout.splitlines()
    assert header.split()[-1] == "about"
    assert rows[-1].split()[-1] == "acme"
    assert source["about"] == "acme-pbx"
    assert issued["about"] == f"customer:{issued['facts']['customer']}"
    assert "about" not in listed.stdout


def test_a_number_longer_than_any(founded: Founded) -> None:
    """Ten thousand digits are no telephone number; the longest that somebody writes still is."""
    done = founded.shell.run("recordings", "list", "--number", "7" * 10_000)

    assert (done.returncode, done.stdout) == (1, "")
    assert "64 characters" in done.stderr
    assert founded.shell.run("recordings", "list", "--number", "7" * 64).returncode == 0


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff\x00" * 99, b"callvault/x\n3\nAAAA\n", b"c2sp.org/tlog-proof@v1\n"]
)
def test_what_is_no_checkpoint(founded: Founded, tmp_path: Path, content: bytes) -> None:
    """A wrong file says nothing against the log: exit 1, not 3."""
    kept = tmp_path / "kept.txt"
    kept.write_bytes(content)

    done = founded.shell.run("audit", "verify", "--since-checkpoint", str(kept))

    assert (done.returncode, done.stdout) == (1, "")
    assert "is no checkpoint" in done.stderr


def test_each_finding_once(founded: Founded, tmp_path: Path) -> None:
    """People read a line for each finding, and no list of them besides; programs get the list."""
    kept = tmp_path / "kept.txt"
    kept.write_text(
        founded.shell.json("audit", "checkpoint")["checkpoint"]
        .replace("\n", "0\n", 2)
        .replace("0\n", "\n", 1)
    )

    done = founded.shell.run("audit", "verify", "--since-checkpoint", str(kept))
    told = founded.shell.run("audit", "verify", "--since-checkpoint", str(kept), "--format", "json")

    assert (done.returncode, told.returncode) == (3, 3)
    assert (done.stdout + done.stderr).count("signature") == 1, done


def test_a_root_key_in_no_folder(founded: Founded, tmp_path: Path) -> None:
    """A mistyped path, or a disk that is away, makes no folders; nobody is asked for a passphrase."""
    away = tmp_path / "away" / "deeper"

    done = founded.shell.run("keys", "rewrap", "--to", f"local:{away}/root.key", "--as", "dora")

    assert done.returncode == 1
    assert f"there is no folder {away}" in done.stderr
    assert not away.parent.exists()


def test_anchors_in_no_folder(founded: Founded, tmp_path: Path) -> None:
    """Where the disk for anchors is away, the line says what to do."""
    away = replace(founded.shell, extra={"CALLVAULT_ANCHORS__PATHS": str(tmp_path / "away")})

    done = away.run("audit", "anchor")

    assert done.returncode == ExitCode.AGAIN_LATER
    assert "make it, or mount its disk" in done.stderr


def test_recovery_under_a_name_of_ones_own(founded: Founded) -> None:
    """With CALLVAULT_AS set, the recovery identity is refused as that person's, and the way out is told."""
    shell = Shell(founded.shell.data, {"CALLVAULT_AS": "dora"})

    done = shell.run("staff", "recover", "tom", "--identity", str(founded.recovery_file))

    assert done.returncode == 1
    assert "unset CALLVAULT_AS" in done.stderr


def test_a_grant_for_no_time(founded: Founded) -> None:
    """The range is told, not its upper end alone."""
    done = founded.shell.run(
        "grants", "issue", "4f7k", "mia", "--reason", "x", "--expires", "0s", "--as", "dora",
        "--password-file", "-", stdin=f"{founded.passphrase}\n",
    )  # fmt: skip

    assert done.returncode in {1, 2}
    assert re.search(r"from 1 second to 30 days", done.stderr)


def test_interrupted_before_anything_is_loaded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C ends with one line and 130, even where what tells of errors has not been loaded yet."""

    def _interrupted(_error: BaseException) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(exits, "explain", _interrupted)

    assert main(["nonsense"]) == ExitCode.INTERRUPTED
    assert capsys.readouterr().err == "callvault: stopped\n"


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-22T10:00:00", "=1+1"])
def test_what_is_no_time_stays_text(text: str) -> None:
    """What a server says instead of a time with its zone is shown as it came."""
    assert moment_in(text) == text
