"""Promises about what staff does by command: each proves who acts, gives a reason, and leaves an entry."""

from __future__ import annotations

import asyncio
import json
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from keys.age import HybridIdentity, X25519Identity, open_file
from tests.entrypoints.cli.conftest import COMMAND, Done, Shell
from tests.harness.vaults import RealVault, sha256
from vault.domain.names import RecordingId, Sha256
from vault.usecases.confirm_receipt import confirm_receipt

SOUND = bytes(range(256)) * 5000  # more than a piece
REASON = "complaint 12"


@dataclass(frozen=True)
class Office:
    """The shell of a DPO over a vault with two recordings: acme's and the company's own."""

    shell: Shell
    passphrase: str
    theirs: str
    own: str

    def run(self, *words: str, passphrase: str | None = None) -> Done:
        """Run a command as dana, who gives her passphrase on standard input."""
        given = self.passphrase if passphrase is None else passphrase
        return self.shell.run(*words, "--as", "dana", "--password-file", "-", stdin=f"{given}\n")

    def json(self, *words: str) -> Any:  # noqa: ANN401 - JSON is of any type
        """Return the JSON answer to dana's command, which must succeed."""
        done = self.run(*words, "--format", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def actions(self, action: str) -> list[dict[str, object]]:
        """Return the entries of an action, oldest first."""
        entries: list[dict[str, object]] = self.shell.json("audit", "list", "--action", action)
        return entries[::-1]


async def _upload(known: RealVault) -> tuple[str, str]:
    async with known.opened() as vault:
        theirs = await known.upload(vault, SOUND)
        own = await known.upload(vault, SOUND, own=True)
    return theirs.recording, own.recording


@pytest.fixture
def office(real_vault: RealVault) -> Office:
    """A vault of this test's own."""
    theirs, own = asyncio.run(_upload(real_vault))
    return Office(Shell(real_vault.data), real_vault.passphrase, theirs, own)


def test_a_dpo_opens_any_recording_into_a_file_of_hers(office: Office, tmp_path: Path) -> None:
    """Customers' and own recordings are written whole, for their owner's eyes, and are on record."""
    for recording in (office.theirs, office.own):
        file = tmp_path / recording
        done = office.run("recordings", "open", recording[:12], "--reason", REASON, "-o", str(file))
        assert done.returncode == 0, done.stderr
        assert file.read_bytes() == SOUND
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    opened = office.actions("recording.opened")
    assert [(entry["recording"], entry["name"], entry["reason"]) for entry in opened] == [
        (office.theirs, "dana", REASON),
        (office.own, "dana", REASON),
    ]


def test_a_player_is_fed_from_standard_output(office: Office, tmp_path: Path) -> None:
    """`-o -` writes the recording, and nothing else, to standard output."""
    file = tmp_path / "passphrase"
    file.write_text(office.passphrase)
    file.chmod(0o600)
    words = ["recordings", "open", office.own, "--as", "dana", "--reason", REASON, "-o", "-"]
    done = subprocess.run(
        [*COMMAND, *words, "--password-file", str(file)],
        env=office.shell.environ,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == SOUND


def test_a_refused_opening_leaves_no_file(office: Office, tmp_path: Path) -> None:
    """A wrong passphrase, no reason, no such recording: one line, no file, and the log knows the first."""
    file = tmp_path / "call.wav"
    target = ("-o", str(file))
    opening = ("recordings", "open")
    tries = {
        "passphrase": office.run(*opening, office.own, "--reason", REASON, *target, passphrase="wrong"),
        "reason": office.run(*opening, office.own, "--reason", " ", *target),
        "recording": office.run(*opening, "zzzz", "--reason", REASON, *target),
        "usage": office.run(*opening, office.own, *target),
        "nobody": office.shell.run(*opening, office.own, "--reason", REASON, *target, stdin="x\n"),
    }

    assert {name: done.returncode for name, done in tries.items()} == {
        "passphrase": 1, "reason": 1, "recording": 1, "usage": 2, "nobody": 2,
    }  # fmt: skip
    assert all(done.stderr.count("\n") == 1 and not done.stdout for done in tries.values()), tries
    assert not file.exists()
    (refused,) = office.actions("password.refused")
    assert str(refused["actor"]).startswith("os:"), "nobody has proven to be dana"
    assert office.actions("recording.opened") == []


def test_an_unknown_name_is_refused_like_a_wrong_passphrase(office: Office, tmp_path: Path) -> None:
    """Who guesses names learns nothing, and is on record."""
    words = ("recordings", "open", office.own, "--reason", REASON, "-o", str(tmp_path / "x"))
    wrong = office.run(*words, passphrase="wrong")
    nobody = office.shell.run(*words, "--as", "nobody", "--password-file", "-", stdin="wrong\n")

    assert (nobody.returncode, nobody.stderr) == (wrong.returncode, wrong.stderr)
    assert len(office.actions("password.refused")) == 2


def test_a_file_that_is_there_stays(office: Office, tmp_path: Path) -> None:
    """Nothing is opened over a file, or through a link: neither is touched, and no entry claims an access."""
    there, link = tmp_path / "there", tmp_path / "link"
    there.write_bytes(b"old")
    link.symlink_to(tmp_path / "elsewhere")
    for path in (there, link):
        assert (
            office.run("recordings", "open", office.own, "--reason", REASON, "-o", str(path)).returncode == 1
        )

    assert there.read_bytes() == b"old"
    assert not (tmp_path / "elsewhere").exists()
    assert office.actions("recording.opened") == []


def test_half_a_recording_is_no_recording(office: Office, tmp_path: Path) -> None:
    """When a chunk does not authenticate, what was written until then is removed."""
    for blob in (office.shell.data / "blobs").glob("??/*"):
        changed = bytearray(blob.read_bytes())
        changed[-1] ^= 1
        blob.write_bytes(changed)
    file = tmp_path / "call.wav"
    done = office.run("recordings", "open", office.own, "--reason", REASON, "-o", str(file))

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert not file.exists()


def test_an_export_opens_without_the_vault(office: Office, tmp_path: Path) -> None:
    """An export to a recipient of one's own opens with that identity alone, of either kind."""
    made: list[HybridIdentity | X25519Identity] = [HybridIdentity.generate(), X25519Identity.generate()]
    for number, identity in enumerate(made):
        file = tmp_path / f"{number}.age"
        words = ("recordings", "export", office.own, "--reason", REASON, "--to", str(identity.recipient))
        done = office.run(*words, "-o", str(file), "--format", "json")
        assert done.returncode == 0, done.stderr
        assert open_file(file.read_bytes(), [identity]) == SOUND
        entry = office.actions("recording.exported")[number]
        assert entry["facts"]["recipient"] == json.loads(done.stdout)["fingerprint"]  # type: ignore[index]  # as JSON has it


def test_an_export_needs_a_recipient_that_is_one(office: Office, tmp_path: Path) -> None:
    """What is no recipient is wrong usage, found before anything is asked for or written."""
    file = tmp_path / "x.age"
    for to in ("age1", "AGE-SECRET-KEY-1QQ", "dana", ""):
        done = office.run("recordings", "export", office.own, "--reason", REASON, "--to", to, "-o", str(file))
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), (to, done.stderr)
    assert not file.exists()


def test_holds_are_placed_listed_and_released(office: Office) -> None:
    """Held recordings are told by `holds list` and `recordings show`, and released by their case."""
    shell = office.shell
    words = ("--case", "H-2026/7", "--review", "2027-03-01")
    placed = office.json("holds", "place", office.theirs[:12], office.own, *words)
    shown = shell.json("recordings", "show", office.own)
    listed = shell.json("holds", "list")
    released = office.json("holds", "release", "H-2026/7")

    assert [(hold["recording"], hold["review_on"]) for hold in placed] == [
        (office.theirs, "2027-03-01"),
        (office.own, "2027-03-01"),
    ]
    assert [hold["case"] for hold in shown["held_for"]] == ["H-2026/7"]
    assert {hold["id"] for hold in listed} == {hold["id"] for hold in placed}
    assert [hold["outcome"] for hold in released] == ["kept", "kept"]
    assert shell.json("holds", "list") == []
    assert [hold["state"] for hold in shell.json("holds", "list", "--all")] == ["released"] * 2
    assert [entry["name"] for entry in office.actions("hold.released")] == ["dana", "dana"]


def test_a_held_recording_ends_with_its_last_hold(office: Office, real_vault: RealVault) -> None:
    """Collected while it is held, it is kept and says so; the last release destroys it, no other does."""
    held = [office.json("holds", "place", office.theirs, "--case", case)[0]["id"] for case in ("7", "8")]
    assert asyncio.run(_collect(real_vault, office.theirs)) == ("held", None)
    shown = office.shell.json("recordings", "show", office.theirs)
    assert (shown["state"], shown["holds"], bool(shown["received_at"])) == ("retained", 2, True)

    refused = office.run("holds", "release", "7", passphrase="wrong")
    unproven = office.shell.run("holds", "release", "7", "--as", "dana")
    (first,) = office.json("holds", "release", "7")
    (last,) = office.json("holds", "release", held[1][:9])

    assert (refused.returncode, unproven.returncode) == (1, 2)
    assert [first["outcome"], last["outcome"]] == ["kept", "shredded"]
    assert asyncio.run(_collect(real_vault, office.theirs)) == ("shredded", last["certificate"])
    assert office.shell.json("audit", "verify")["ok"] is True


async def _collect(known: RealVault, recording: str) -> tuple[str, str | None]:
    async with known.opened() as vault:
        visitor = await known.visit(vault)
        digest = Sha256(sha256(SOUND))
        answer = await confirm_receipt(vault, visitor, RecordingId(recording), digest)
    return answer.state.value, answer.certificate


def test_a_hold_that_cannot_be_is_told_in_a_line(office: Office) -> None:
    """No recording, no case, no date: wrong usage; an unknown recording or hold: refused."""
    tries = {
        ("place", "--case", "c"): 1,
        ("place", office.own): 2,
        ("place", office.own, "--case", "c", "--review", "soon"): 2,
        ("place", "zzzz", "--case", "c"): 1,
        ("release", "zzzz"): 1,
    }
    for words, code in tries.items():
        done = office.run("holds", *words)
        assert (done.returncode, done.stderr.count("\n")) == (code, 1), (words, done.stderr)
    assert office.shell.json("holds", "list", "--all") == []


def test_a_shred_prints_its_certificate(office: Office, tmp_path: Path) -> None:
    """The printed certificate verifies offline; a customer's needs the customer's word; holds win."""
    shell, shred = office.shell, ("recordings", "shred")
    office.json("holds", "place", office.own, "--case", "7")
    unasked = office.run(*shred, office.theirs, "--reason", REASON)
    held = office.run(*shred, office.own, "--reason", REASON)
    done = office.run(*shred, office.theirs, "--reason", REASON, "--instructed-by", "J. Smith of acme")
    again = office.run(*shred, office.theirs, "--reason", REASON, "--instructed-by", "J. Smith of acme")
    file = tmp_path / "certificate"
    file.write_text(done.stdout)
    key = shell.json("audit", "key")["key"]

    assert (unasked.returncode, held.returncode, done.returncode, again.returncode) == (1, 1, 0, 1)
    verified = Shell(tmp_path / "none").json("certificates", "verify", str(file), "--key", key)
    assert verified["recording"] == office.theirs
    assert [entry["facts"]["why"] for entry in office.actions("recording.refused")] == [  # type: ignore[index]  # as JSON has it
        "invalid_request",
        "hold_in_force",
        "collected",
    ]
    assert shell.json("audit", "verify")["ok"] is True


def test_people_join_and_get_a_new_passphrase(office: Office, tmp_path: Path) -> None:
    """A DPO adds a tech manager, who opens customers' recordings, by the newest passphrase alone."""
    refused = office.run("staff", "add", "tom", "--role", "tech-manager", passphrase="wrong")
    added = json.loads(office.run("staff", "add", "tom", "--role", "tech-manager", "--format", "json").stdout)
    words = ("staff", "passphrase", "tom", "--password-file", "-")
    first = f"{added['password']}\n"
    renewed = office.shell.json(*words, stdin=first)
    opening = ("recordings", "open", "--as", "tom", "--reason", REASON, "--password-file", "-", "-o")

    def opened(recording: str, passphrase: str) -> int:
        file = tmp_path / recording
        return office.shell.run(*opening, str(file), recording, stdin=f"{passphrase}\n").returncode

    assert refused.returncode == 1
    assert office.shell.run(*words, stdin=first).returncode == 1
    assert [opened(office.theirs, each["password"]) for each in (added, renewed)] == [1, 0]
    assert opened(office.own, renewed["password"]) == 1
    staff = office.shell.json("staff", "list")
    assert [(each["name"], each["role"]) for each in staff] == [("dana", "dpo"), ("tom", "tech-manager")]
    adding = ("staff", "add", "mia", "--role", "manager", "--as", "tom", "--password-file", "-")
    assert office.shell.run(*adding, stdin=f"{renewed['password']}\n").returncode == 1
    assert office.actions("password.refused")[-1]["facts"]["why"] == "role"  # type: ignore[index]  # as JSON has it
