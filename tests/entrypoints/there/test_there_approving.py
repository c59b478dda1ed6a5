"""Promises about second DPOs who approve from machines of their own."""

from __future__ import annotations

import base64
import getpass
import io
import sys
from pathlib import Path
from typing import Any

import pytest

from keys.age import HybridIdentity
from tests.entrypoints.cli.conftest import Done, Shell
from tests.harness.people_there import REASON, SOUND, People
from tests.harness.wiretap import tapped

FOUR_EYES = {"CALLVAULT_APPROVAL__GRANTS": "true"}


class Terminal(io.StringIO):
    """Standard input at which somebody sits."""

    def isatty(self) -> bool:
        """Somebody does."""
        return True


@pytest.fixture
def waiting(people: People) -> Any:  # noqa: ANN401 - JSON is of any type
    """A grant to mia that dana issued at the vault, and that waits."""
    here = Shell(people.service.known.data, FOUR_EYES)
    words = ("grants", "issue", people.theirs, "mia", "--reason", REASON, "--as", "dana")
    issued = here.json(*words, "--password-file", "-", stdin=f"{people.passphrases['dana']}\n")
    yield issued
    here.run("grants", "revoke", issued["id"])


def test_an_identity_file_approves_a_grant(people: People, waiting: dict[str, Any], tmp_path: Path) -> None:
    """The grant is live and opens; neither the identity nor the grant's layers were on the line."""
    assert waiting["state"] == "pending"
    with tapped(people.service.url) as tap:
        done = people.run("olga", "grants", "approve", waiting["id"][:12], url=tap.url)
        heard = b"".join(map(bytes, tap.heard.values()))
    file, grant = tmp_path / "call.wav", tmp_path / "grant"
    grant.write_text(waiting["password"])
    grant.chmod(0o600)
    words = ("recordings", "open", people.theirs, "--reason", REASON, "-o", str(file), "--grant", str(grant))
    opened = people.run("mia", *words)

    assert done.returncode == 0, done.stderr
    assert "approved_by  olga" in done.stdout
    assert opened.returncode == 0, opened.stderr
    assert file.read_bytes() == SOUND
    secret = people.identity.encode().reveal()
    for hidden in (secret[20:60], base64.b64encode(secret)[24:60], b"callvault/argon2id", b"callvault/grant"):
        assert hidden not in heard
    entry = people.actions("grant.approved")[-1]
    assert (entry["name"], entry["channel"]) == ("olga", "http")


def test_who_is_no_second_dpo_is_refused(people: People, waiting: dict[str, Any]) -> None:
    """The issuer, a manager with an identity file, a tech manager: exit 1, one line, on the log."""
    for name in ("dana", "ida", "tim"):
        done = people.run(name, "grants", "approve", waiting["id"])
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        entry = people.actions("recording.refused")[-1]
        assert (entry["name"], entry["facts"]["tried"]) == (name, "grant.approved")


def test_a_swapped_question_is_not_answered(people: People, waiting: dict[str, Any]) -> None:
    """A server that changes what is asked hears no answer and gets no approval."""
    with tapped(people.service.url) as tap:
        tap.flipped_after = b'"sealed":"'
        done = people.run("olga", "grants", "approve", waiting["id"], url=tap.url)

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
    assert all(entry["facts"]["grant"] != waiting["id"] for entry in people.actions("grant.approved"))


def test_an_identity_file_approves_an_opening(people: People) -> None:
    """`recordings approve` needs no key at the vault; the answer says until when it is good."""
    asked = people.json("tim", "recordings", "request", people.theirs, "--reason", REASON)
    approved = people.json("olga", "recordings", "approve", asked["id"][:12])

    assert approved["approved_at"] is not None
    assert approved["expires_at"] > approved["approved_at"]
    assert people.actions("opening.approved")[-1]["name"] == "olga"


def at_terminal(people: People, name: str, answers: dict[str, str], *words: str) -> tuple[Done, list[str]]:
    """Run a command as somebody who sits there; return how it ended, and what was asked for."""
    asked: list[str] = []

    def _answer(prompt: str) -> str:
        asked.append(prompt.rstrip(": "))
        return answers[asked[-1]]

    file = people.file_of(name)
    proof = ("--identity", str(file)) if file.exists() else ()
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.environ", Shell(people.elsewhere / "no-vault-here").environ)
        patch.setattr(getpass, "getpass", _answer)
        patch.setattr(sys, "stdin", Terminal())
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        from vault.entrypoints.cli.main import main  # noqa: PLC0415 - beside the streams that it is given

        code = main(("--server", people.service.url, "--as", name, *proof, *words))
    return Done(code, out.getvalue(), err.getvalue()), asked


@pytest.mark.parametrize(("name", "prompts"), [("mia", 2), ("ida", 1)])
def test_a_manager_is_asked_for_the_grants_password(
    people: People, tmp_path: Path, name: str, prompts: int
) -> None:
    """At a terminal, without `--grant`, a manager is asked as at the vault's machine; nothing is echoed."""
    file = tmp_path / "call.wav"
    password = people.grant if name == "mia" else people.manager_grant
    answers = {"passphrase of mia": people.passphrases["mia"], "password of the grant": password}
    words = ("recordings", "open", people.own, "--reason", REASON, "-o", str(file))

    done, asked = at_terminal(people, name, answers, *words)

    assert done.returncode == 0, done.stderr
    assert asked == ["passphrase of mia", "password of the grant"][-prompts:]
    assert file.read_bytes() == SOUND
    assert password not in done.stdout + done.stderr


def test_a_dpo_is_asked_for_none(people: People, tmp_path: Path) -> None:
    """Who opens without a grant is not asked for its password."""
    file = tmp_path / "call.wav"
    words = ("recordings", "open", people.own, "--reason", REASON, "-o", str(file))

    done, asked = at_terminal(people, "olga", {}, *words)

    assert (done.returncode, asked) == (0, []), done.stderr


@pytest.mark.parametrize("name", ["mia", "ida"])
def test_without_a_terminal_a_manager_is_told_what_is_missing(
    people: People, tmp_path: Path, name: str
) -> None:
    """A script without `--grant` is refused in one line that says so; the try is on the log."""
    words = ("recordings", "open", people.own, "--reason", REASON, "-o", str(tmp_path / "call.wav"))

    done = people.run(name, *words)

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "a manager opens by grant" in done.stderr
    assert people.actions("recording.refused")[-1]["name"] == name


def test_somebody_elses_identity_is_never_enough(people: People, waiting: dict[str, Any]) -> None:
    """An identity that is not olga's gets no further than the sign-in."""
    stolen = people.elsewhere / "stolen.txt"
    stolen.write_bytes(HybridIdentity.generate().encode().reveal())
    stolen.chmod(0o600)
    shell = Shell(people.elsewhere / "no-vault-here")
    at = ("--server", people.service.url, "--as", "olga", "--identity", str(stolen))

    done = shell.run("grants", "approve", waiting["id"], *at)

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
