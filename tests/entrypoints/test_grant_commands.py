"""Promises about grants by command: a DPO issues, a manager opens with passphrase and grant, once."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.entrypoints.cli.conftest import Done, Shell
from tests.harness.staff import add_person, dana
from tests.harness.vaults import RealVault
from vault.domain.staff import Role

SOUND = bytes(range(256)) * 5000  # more than a piece
REASON = "complaint 12"
FOUR_EYES = {"CALLVAULT_APPROVAL__GRANTS": "true", "CALLVAULT_APPROVAL__OPENINGS": "true"}


@dataclass(frozen=True)
class Office:
    """The shell over a vault with a recording of the company's own, and everybody's passphrase."""

    shell: Shell
    passphrases: dict[str, str]
    recording: str
    folder: Path

    def run(self, name: str, *words: str, passphrase: str | None = None) -> Done:
        """Run a command as somebody, who gives the passphrase on standard input."""
        given = passphrase or self.passphrases[name]
        return self.shell.run(*words, "--as", name, "--password-file", "-", stdin=f"{given}\n")

    def json(self, name: str, *words: str) -> Any:  # noqa: ANN401 - JSON is of any type
        """Return the JSON answer to somebody's command, which must succeed."""
        done = self.run(name, *words, "--format", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def issue(self, *more: str, to: str = "mia") -> Any:  # noqa: ANN401 - as above
        """Issue a grant as dana."""
        return self.json("dana", "grants", "issue", self.recording[:12], to, "--reason", REASON, *more)

    def file(self, password: str) -> str:
        """Write a grant's password to a file of its own."""
        path = self.folder / password
        path.write_text(f"{password}\n")
        path.chmod(0o600)
        return str(path)

    def open(self, name: str, *more: str, passphrase: str | None = None) -> Done:
        """Open the recording as somebody, into `call.wav`."""
        target = self.folder / "call.wav"
        target.unlink(missing_ok=True)
        words = ("recordings", "open", self.recording, "--reason", REASON, "-o", str(target), *more)
        done = self.run(name, *words, passphrase=passphrase)
        assert target.exists() == (done.returncode == 0)
        assert not target.exists() or target.read_bytes() == SOUND
        return done

    def why(self) -> list[object]:
        """Return why openings were refused, the newest first."""
        refused = self.shell.json("audit", "list", "--action", "recording.refused")
        return [entry["facts"]["why"] for entry in refused]


async def _people(known: RealVault) -> tuple[dict[str, str], str]:
    async with known.opened() as vault:
        dpo = await dana(vault, known.passphrase)
        passphrases = {"dana": known.passphrase}
        for name, role in (("dora", Role.DPO), ("mia", Role.MANAGER), ("max", Role.MANAGER)):
            passphrases[name] = (await add_person(vault, dpo, name, role)).reveal().decode()
        return passphrases, (await known.upload(vault, SOUND, own=True)).recording


@pytest.fixture(scope="module")
def staffed(
    founded: RealVault, tmp_path_factory: pytest.TempPathFactory
) -> tuple[RealVault, dict[str, str], str]:
    """A vault with two DPOs and two managers; not to be changed."""
    known = founded.copied_to(tmp_path_factory.mktemp("staffed") / "vault")
    return known, *asyncio.run(_people(known))


@pytest.fixture
def office(staffed: tuple[RealVault, dict[str, str], str], tmp_path: Path) -> Office:
    """An office of this test's own."""
    known, passphrases, recording = staffed
    return Office(Shell(known.copied_to(tmp_path / "vault").data), passphrases, recording, tmp_path)


def test_a_manager_opens_once(office: Office) -> None:
    """Issued, listed, used: the recording comes once, then never; the password is shown once alone."""
    issued = office.issue("--expires", "2d")
    grant = ("--grant", office.file(issued["password"]))
    (listed,) = office.shell.json("grants", "list", "--live", "--manager", "mia")
    used, again = office.open("mia", *grant), office.open("mia", *grant)

    assert (listed["id"], listed["manager"], listed["state"]) == (issued["id"], "mia", "live")
    assert "password" not in listed
    assert (used.returncode, again.returncode, again.stderr.count("\n")) == (0, 1, 1)
    assert office.shell.json("grants", "list", "--live") == []
    (ended,) = office.shell.json("grants", "list", "--recording", office.recording[:12])
    assert (ended["state"], ended["used"], ended["issued_by"]) == ("used", 1, "dana")
    opened = office.shell.json("audit", "list", "--action", "recording.opened")
    assert [(entry["name"], entry["reason"]) for entry in opened] == [("mia", REASON)]
    assert office.shell.json("audit", "verify")["ok"] is True


def test_the_wrong_ones_are_refused_alike(office: Office) -> None:
    """Wrong password, wrong person, no grant: one line that says no more, and the log says why."""
    password = office.issue("--uses", "2")["password"]
    right, wrong = office.file(password), office.file("never-issued")
    tries = [
        office.open("mia", "--grant", wrong),
        office.open("max", "--grant", right),
        office.open("mia"),
    ]

    assert [done.returncode for done in tries] == [1, 1, 1]
    assert {done.stderr.replace("max", "mia") for done in tries[:2]} == {
        "callvault: mia may not have this recording\n"
    }
    assert tries[2].stderr == (
        "callvault: mia may not have this recording; a manager opens by grant: --grant FILE\n"
    )
    assert office.why() == ["no_matching_identity", "no_grant", "grant_password"]
    assert office.open("mia", "--grant", right, passphrase="wrong").returncode == 1
    # As it is typed: capitals and spaces make no difference.
    typed = office.folder / "typed"
    typed.write_text(password.upper().replace("-", " "))
    typed.chmod(0o600)
    assert office.open("mia", "--grant", str(typed)).returncode == 0


def test_two_secrets_do_not_fit_one_input(office: Office) -> None:
    """Passphrase and grant can't both be standard input; either of them can."""
    password = office.issue()["password"]
    both = office.open("mia", "--grant", "-")
    passphrase = office.file(office.passphrases["mia"])
    words = ("recordings", "open", office.recording, "--as", "mia", "--reason", REASON, "-o")
    one = office.shell.run(
        *words, str(office.folder / "x"), "--grant", "-", "--password-file", passphrase, stdin=f"{password}\n"
    )

    assert (both.returncode, both.stderr.count("\n")) == (2, 1)
    assert one.returncode == 0, one.stderr
    assert (office.folder / "x").read_bytes() == SOUND


def test_a_revoked_grant_is_over(office: Office) -> None:
    """From the revocation on it opens nothing; a new one can be issued then, not before."""
    issued = office.issue()
    twice = office.run("dana", "grants", "issue", office.recording, "mia", "--reason", REASON)
    revoked = office.shell.json("grants", "revoke", issued["id"][:9])

    assert (twice.returncode, twice.stderr.count("\n")) == (1, 1)
    assert revoked["state"] == "revoked"
    assert office.open("mia", "--grant", office.file(issued["password"])).returncode == 1
    assert office.open("mia", "--grant", office.file(office.issue()["password"])).returncode == 0


def test_who_may_not_issue_is_told_so(office: Office) -> None:
    """A manager issues nothing; nobody, a DPO, no reason, odd terms: one line each, and no grant."""
    issue = ("grants", "issue", office.recording)
    tries = [
        (office.run("mia", *issue, "max", "--reason", REASON), 1),
        (office.run("dana", *issue, "nobody", "--reason", REASON), 1),
        (office.run("dana", *issue, "dora", "--reason", REASON), 1),
        (office.run("dana", *issue, "mia", "--reason", " "), 1),
        (office.run("dana", *issue, "mia", "--reason", REASON, "--uses", "0"), 1),
        (office.run("dana", *issue, "mia", "--reason", REASON, "--expires", "31d"), 1),
        (office.run("dana", *issue, "mia", "--reason", REASON, "--expires", "soon"), 2),
        (office.run("dana", *issue, "mia"), 2),
        (office.shell.run(*issue, "mia", "--reason", REASON), 2),
    ]
    for done, code in tries:
        assert (done.returncode, done.stderr.count("\n"), done.stdout) == (code, 1, ""), done.stderr
    assert office.shell.json("grants", "list") == []


def test_four_eyes(office: Office) -> None:
    """With four eyes on, grants and openings wait for the other DPO; an approval to open is good for once."""
    office.shell.extra.update(FOUR_EYES)
    issued = office.issue()
    grant = ("--grant", office.file(issued["password"]))
    early, own = office.open("mia", *grant), office.run("dana", "grants", "approve", issued["id"])
    approved = office.json("dora", "grants", "approve", issued["id"][:9])
    late = office.open("mia", *grant)
    assert (issued["state"], early.returncode, own.returncode) == ("pending", 1, 1)
    assert (approved["state"], approved["approved_by"], late.returncode) == ("live", "dora", 0)

    alone = office.open("dana")
    request = office.json("dana", "recordings", "request", office.recording, "--reason", REASON)
    office.json("dora", "recordings", "approve", request["id"])
    once, twice = office.open("dana"), office.open("dana")
    export = (
        "recordings",
        "export",
        office.recording,
        "--reason",
        REASON,
        "-o",
        str(office.folder / "x.age"),
    )
    assert (alone.returncode, once.returncode, twice.returncode) == (1, 0, 1)
    assert "recordings request" in alone.stderr
    assert office.run("dana", *export).returncode == 1
    request = office.json("dana", "recordings", "request", office.recording, "--reason", REASON, "--export")
    office.json("dora", "recordings", "approve", request["id"])
    assert office.run("dana", *export).returncode == 0
