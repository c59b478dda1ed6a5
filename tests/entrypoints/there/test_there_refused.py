"""Promises about what is refused to staff elsewhere, and how."""

from __future__ import annotations

from pathlib import Path

import pytest

from keys.age import HybridIdentity
from tests.entrypoints.cli.conftest import Shell
from tests.harness.people_there import People

REFUSED = [
    ("tim", ("audit", "list")),
    ("tim", ("audit", "export", "-o", "{tmp}/log")),
    ("tim", ("holds", "list")),
    ("tim", ("recordings", "show", "{own}")),
    ("tim", ("recordings", "open", "{own}", "--reason", "x", "-o", "{tmp}/x")),
    ("tim", ("recordings", "shred", "{theirs}", "--reason", "x", "--instructed-by", "y")),
    ("tim", ("grants", "issue", "{theirs}", "mia", "--reason", "x")),
    ("tim", ("grants", "list", "--manager", "mia")),
    ("mia", ("recordings", "list")),
    ("mia", ("recordings", "show", "{theirs}")),
    ("mia", ("recordings", "open", "{theirs}", "--reason", "x", "-o", "{tmp}/x")),
    ("mia", ("grants", "revoke", "0")),
    ("mia", ("holds", "place", "{theirs}", "--case", "H")),
    ("mia", ("customers", "list")),
    ("mia", ("links", "create", "acme")),
    ("mia", ("status",)),
    ("mia", ("audit", "tail", "--no-follow")),
    ("mia", ("certificates", "show", "{theirs}")),
    ("olga", ("grants", "issue", "{theirs}", "mia", "--reason", "x")),
    ("olga", ("customers", "reissue-password", "acme")),
]


@pytest.mark.parametrize(
    ("name", "words"), REFUSED, ids=lambda each: each if isinstance(each, str) else " ".join(each)
)
def test_each_role_is_refused_what_is_not_its(
    people: People, tmp_path: Path, name: str, words: tuple[str, ...]
) -> None:
    """One line, exit 1, no output and no file; the log has who was refused what."""
    given = [word.format(theirs=people.theirs, own=people.own, tmp=tmp_path) for word in words]

    done = people.run(name, *given)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_role_refusal_is_on_record(people: People) -> None:
    """A DPO reads in the log who asked for what is not theirs."""
    people.run("mia", "customers", "list")

    entry = people.actions("password.refused")[-1]
    assert (entry["name"], entry["facts"]["why"], entry["facts"]["asked"]) == (
        "mia",
        "role",
        "customers list",
    )


def test_a_tech_manager_sees_customers_recordings_alone(people: People) -> None:
    """The company's own calls are not in the list, nor does a manager see another's grants."""
    seen = {row["id"] for row in people.json("tim", "recordings", "list")}

    assert seen == {people.theirs}
    assert {row["manager"] for row in people.json("mia", "grants", "list")} == {"mia"}
    assert people.json("tim", "grants", "list") == []


def test_wrong_and_unknown_are_refused_alike(people: People) -> None:
    """A wrong passphrase, an unknown name, another's identity file: one line, exit 1."""
    other = people.elsewhere / "other.txt"
    other.write_bytes(HybridIdentity.generate().encode().reveal())
    other.chmod(0o600)
    shell = Shell(people.elsewhere / "no-vault-here")
    at = ("--server", people.service.url)

    nobody, unheard = (people.run(name, "status") for name in ("nobody", "unheard"))
    borrowed, unknown = (
        shell.run("status", *at, "--as", name, "--identity", str(other)) for name in ("olga", "ghost")
    )

    assert (nobody.returncode, nobody.stderr) == (unheard.returncode, unheard.stderr)
    assert (borrowed.returncode, borrowed.stderr) == (unknown.returncode, unknown.stderr)
    assert {nobody.returncode, borrowed.returncode} == {1}


def test_guesses_are_counted_across_sign_ins(people: People) -> None:
    """After ten wrong ones the eleventh, even right, is told to come again later (4); the log stays small."""
    codes = [people.run("somebody", "status").returncode for _ in range(11)]

    assert codes == [*[1] * 10, 4]


def test_what_is_no_use_is_said(people: People, tmp_path: Path) -> None:
    """Plain HTTP to elsewhere, a link, no name, a command of the vault's machine, nobody there."""
    shell = Shell(tmp_path / "no-vault-here")
    url = people.service.url
    tries = {
        "plain": shell.run("status", "--server", "http://vault.example", "--as", "dana"),
        "link": shell.run("status", "--server", f"{url}/collect#TOKEN", "--as", "dana"),
        "nameless": shell.run("status", "--server", url),
        "machine": shell.run("migrate", "--server", url, "--as", "dana"),
        "staff": shell.run("staff", "list", "--server", url, "--as", "dana"),
        "closed": people.run("dana", "status", url="http://127.0.0.1:1"),
    }

    assert {name: done.returncode for name, done in tries.items()} == {
        "plain": 1, "link": 2, "nameless": 2, "machine": 2, "staff": 2, "closed": 4,
    }  # fmt: skip
    assert all(done.stderr.count("\n") == 1 and not done.stdout for done in tries.values()), tries


def test_each_command_signs_out(people: People) -> None:
    """Nothing is kept between two commands: a session each, ended by the command itself."""
    ended = len(people.actions("session.ended"))
    accepted = len(people.actions("password.accepted"))

    people.run("olga", "status")
    people.run("dana", "status")

    assert len(people.actions("session.ended")) == ended + 2
    assert len(people.actions("password.accepted")) == accepted + 2
    assert [path.name for path in people.elsewhere.iterdir() if path.name.startswith("no-vault")] == []
