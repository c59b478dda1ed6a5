"""Promises about people who come, lose their secrets and leave, and about rotated keys, by command."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from keys.age import HybridIdentity, X25519Identity
from tests.entrypoints.cli.conftest import Done, Shell
from tests.harness.staff import dana
from tests.harness.vaults import RealVault
from vault.domain.staff import Group
from vault.usecases.rotate_keys import rotate_keys

SOUND = bytes(range(256)) * 40


@dataclass(frozen=True)
class Office:
    """The shell of a vault with two recordings, and its first DPO's passphrase."""

    shell: Shell
    known: RealVault
    recordings: tuple[str, str]

    def run(self, *words: str) -> Done:
        """Run a command as dana, who gives her passphrase on standard input."""
        return self.shell.run(
            *words, "--as", "dana", "--password-file", "-", stdin=f"{self.known.passphrase}\n"
        )

    def opens(self, tmp_path: Path, *who: str, stdin: str = "") -> list[int]:
        """Return how opening each recording ends for somebody."""
        codes = []
        for number, recording in enumerate(self.recordings):
            file = tmp_path / f"{number}.wav"
            file.unlink(missing_ok=True)
            words = ("recordings", "open", recording, "--reason", "x", "-o", str(file))
            codes.append(self.shell.run(*words, *who, stdin=stdin).returncode)
        return codes


async def _upload(known: RealVault) -> tuple[str, str]:
    async with known.opened() as vault:
        theirs = await known.upload(vault, SOUND)
        own = await known.upload(vault, SOUND, own=True)
    return theirs.recording, own.recording


@pytest.fixture
def office(real_vault: RealVault) -> Office:
    """A vault of this test's own."""
    return Office(Shell(real_vault.data), real_vault, asyncio.run(_upload(real_vault)))


def identity_file(path: Path, identity: HybridIdentity | X25519Identity, mode: int = 0o600) -> Path:
    """Write what `age-keygen -pq` would."""
    path.write_text(f"# public key: {identity.recipient}\n{identity.encode().reveal().decode()}\n")
    path.chmod(mode)
    return path


def test_an_identity_file_instead_of_a_passphrase(office: Office, tmp_path: Path) -> None:
    """Added with a recipient, a DPO opens, adds and removes by the file alone; leaving ends that."""
    identity = HybridIdentity.generate()
    file = identity_file(tmp_path / "dora.key", identity)
    added = office.run("staff", "add", "dora", "--role", "dpo", "--recipient", str(identity.recipient))
    dora = ("--as", "dora", "--identity", str(file))

    assert added.returncode == 0, added.stderr
    assert "password" not in added.stdout
    assert office.opens(tmp_path, *dora) == [0, 0]
    assert office.shell.run("staff", "add", "mia", "--role", "manager", *dora).returncode == 0
    removed = office.run("staff", "remove", "dora")
    assert removed.returncode == 0, removed.stderr
    assert "4 of 4 sealed anew" in removed.stderr
    assert office.opens(tmp_path, *dora) == [1, 1]
    assert office.opens(
        tmp_path, "--as", "dana", "--password-file", "-", stdin=f"{office.known.passphrase}\n"
    ) == [0, 0]
    assert office.shell.json("audit", "verify")["ok"] is True
    assert office.run("staff", "remove", "dora").returncode == 1
    assert office.run("staff", "remove", "dana").returncode == 1


def test_an_unsafe_or_unfit_identity_file_is_refused(office: Office, tmp_path: Path) -> None:
    """Others can read it, it is X25519, it is none, or a passphrase is given too: one line each."""
    mine = HybridIdentity.generate()
    files = {
        identity_file(tmp_path / "open", mine, 0o640): 1,
        identity_file(tmp_path / "x25519", X25519Identity.generate()): 1,
        identity_file(tmp_path / "another", mine): 1,
        tmp_path / "none": 1,
    }
    for file, code in files.items():
        done = office.shell.run("keys", "resume", "--as", "dana", "--identity", str(file))
        assert (done.returncode, done.stderr.count("\n")) == (code, 1), done.stderr
    both = office.run("keys", "resume", "--identity", str(tmp_path / "another"))
    assert both.returncode == 2
    bad = office.run("staff", "add", "dora", "--role", "dpo", "--recipient", "age1qq")
    assert (bad.returncode, bad.stderr.count("\n")) == (2, 1)


def test_a_lost_passphrase_by_recovery_and_by_another(office: Office, tmp_path: Path) -> None:
    """The recovery identity brings dana back; dana brings tom back; the old passphrases are dead."""
    recovery = tmp_path / "recovery.key"
    recovery.write_text(office.known.recovery)
    recovery.chmod(0o600)
    tom = json.loads(office.run("staff", "add", "tom", "--role", "tech-manager", "--format", "json").stdout)
    again = json.loads(office.run("staff", "recover", "tom", "--format", "json").stdout)
    dana = office.shell.json("staff", "recover", "dana", "--identity", str(recovery))

    assert office.shell.run("staff", "recover", "dana").returncode == 2
    for name, password, expected in (
        ("tom", tom["password"], [1, 1]),
        ("tom", again["password"], [0, 1]),
        ("dana", office.known.passphrase, [1, 1]),
        ("dana", dana["password"], [0, 0]),
    ):
        who = ("--as", name, "--password-file", "-")
        assert office.opens(tmp_path, *who, stdin=f"{password}\n") == expected, name


def test_keys_are_rotated(office: Office) -> None:
    """A customer's key comes with a new password; groups' keys with a list; nothing is left to be done."""
    customer = office.run("keys", "rotate", "customer", "acme", "--format", "json")
    groups = [
        json.loads(office.run("keys", "rotate", key, "--format", "json").stdout)
        for key in ("office", "tech-managers")
    ]

    assert json.loads(customer.stdout)["password"] != office.known.password
    assert "customer " in customer.stderr
    assert [each[0]["key"] for each in groups] == ["dpo-office", "tech-managers"]
    assert [each[0]["unopened"] for each in groups] == [0, 0]
    assert office.shell.json("keys", "list") == []
    assert office.shell.json("status")["to_seal_anew"] == 0
    keys = [each for each in office.shell.json("doctor") if each["part"] == "keys"]
    assert [each["level"] for each in keys] == ["ok"]
    for words in (("rotate", "customer"), ("rotate", "office", "acme"), ("rotate", "nothing")):
        assert office.run("keys", *words).returncode == 2


async def _begin_rotation(known: RealVault) -> None:
    async with known.opened() as vault:
        await rotate_keys(vault, await dana(vault, known.passphrase), Group.DPO_OFFICE)


def test_what_is_left_to_be_done_is_told_and_done(office: Office) -> None:
    """A rotation that was cut off stands in status, doctor and `keys list`, until `keys resume` is done."""
    asyncio.run(_begin_rotation(office.known))
    left = office.shell.json("status")["to_seal_anew"]
    (told,) = office.shell.json("keys", "list")
    (warned,) = [each for each in office.shell.json("doctor") if each["part"] == "keys"]
    resumed = office.run("keys", "resume", "--format", "json")

    assert left == told["total"] == 4
    assert warned["level"] == "warning"
    assert "keys resume" in warned["finding"]
    assert json.loads(resumed.stdout)[0]["done"] == 4
    assert office.shell.json("status")["to_seal_anew"] == 0
