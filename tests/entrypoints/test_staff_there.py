"""Promises about staff who work from machines of their own: `--server`, against the real service."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from keys.age import HybridIdentity, open_file
from tests.entrypoints.cli.conftest import COMMAND, Done, Shell
from tests.harness.processes import eventually
from tests.harness.service import Service, serving
from tests.harness.staff import add_person, dana
from tests.harness.vaults import RealVault
from tests.harness.wiretap import tapped
from vault.domain.names import StaffName
from vault.domain.staff import Role
from vault.usecases.add_staff import add_staff
from vault.usecases.issue_grant import issue_grant

SOUND = os.urandom(1000) * 3000  # three pieces and a bit, which nothing compresses or repeats by chance
REASON = "complaint 12"


@dataclass(frozen=True)
class People:
    """The service, and a machine elsewhere from which its staff works."""

    service: Service
    elsewhere: Path
    passphrases: dict[str, str]
    identity: HybridIdentity
    theirs: str
    own: str
    grant: str

    @property
    def identity_file(self) -> Path:
        """The DPO olga's."""
        return self.elsewhere / "olga.txt"

    def run(self, name: str, *words: str, url: str | None = None) -> Done:
        """Run a command from elsewhere as that person."""
        shell = Shell(self.elsewhere / "no-vault-here")
        given = ("--server", url or self.service.url, "--as", name, *words)
        if name == "olga":
            return shell.run(*given, "--identity", str(self.identity_file))
        return shell.run(*given, "--password-file", "-", stdin=f"{self.passphrases.get(name, 'wrong')}\n")

    def json(self, name: str, *words: str) -> Any:  # noqa: ANN401 - JSON is of any type
        """Return what a command answers that must succeed."""
        done = self.run(name, *words, "--format", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def actions(self, action: str) -> list[dict[str, Any]]:
        """Return the entries of an action, oldest first, as the vault's own machine tells them."""
        listed = self.service.command(
            "audit", "list", "--action", action, "--format", "json", "--limit", "1000"
        )
        entries: list[dict[str, Any]] = json.loads(listed)
        return entries[::-1]


async def _fill(known: RealVault, identity: HybridIdentity) -> tuple[dict[str, str], str, str, str]:
    async with known.opened() as vault:
        boss = await dana(vault, known.passphrase)
        await add_staff(vault, boss, StaffName("olga"), Role.DPO, recipient=identity.recipient)
        people = {"tim": Role.TECH_MANAGER, "mia": Role.MANAGER}
        given = {name: await add_person(vault, boss, name, role) for name, role in people.items()}
        theirs = (await known.upload(vault, SOUND)).recording
        own = (await known.upload(vault, SOUND, own=True)).recording
        boss = await dana(vault, known.passphrase)
        _, grant = await issue_grant(vault, boss, own, StaffName("mia"), reason=REASON, uses=3)
    passphrases = {"dana": known.passphrase, **{name: each.reveal().decode() for name, each in given.items()}}
    return passphrases, theirs, own, grant.reveal().decode()


@pytest.fixture(scope="module")
def people(founded: RealVault, tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    """One service for all of these: whoever changes something says so to nobody else."""
    known = founded.copied_to(tmp_path_factory.mktemp("there") / "vault")
    elsewhere, identity = tmp_path_factory.mktemp("elsewhere"), HybridIdentity.generate()
    passphrases, theirs, own, grant = asyncio.run(_fill(known, identity))
    with serving(known) as service:
        found = People(service, elsewhere, passphrases, identity, theirs, own, grant)
        found.identity_file.write_bytes(identity.encode().reveal() + b"\n")
        found.identity_file.chmod(0o600)
        yield found


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
            eventually(lambda: any(each.stat().st_size for each in tmp_path.iterdir()))
            process.send_signal(ended_by)
            code = process.wait(30)
        finally:
            process.kill()
            process.wait()

    assert code == 128 + ended_by
    assert list(tmp_path.iterdir()) == []


def test_a_broken_line_or_a_changed_byte_leaves_nothing(people: People, tmp_path: Path) -> None:
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
    file, grant = tmp_path / "call.wav", tmp_path / "grant"
    grant.write_text(people.grant)
    grant.chmod(0o600)
    words = ("recordings", "open", people.own, "--reason", REASON, "-o", str(file))

    assert people.run("mia", *words).returncode == 1
    assert not file.exists()
    done = people.run("mia", *words, "--grant", str(grant))
    assert done.returncode == 0, done.stderr
    assert file.read_bytes() == SOUND


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


ALIKE = [
    ("recordings", "list", "--customer", "acme"),
    ("grants", "list"),
    ("holds", "list"),
    ("customers", "list"),
    ("customers", "show", "acme"),
    ("links", "list"),
    ("audit", "show", "3"),
    ("audit", "key"),
]


@pytest.mark.parametrize("words", ALIKE, ids=" ".join)
def test_both_doors_show_the_same(people: People, words: tuple[str, ...]) -> None:
    """What a command prints does not depend on where it runs, for people and for programs."""
    here = Shell(people.service.known.data)
    for form in ("json", "table"):
        there = people.run("olga", *words, "--format", form)
        assert there.returncode == 0, there.stderr
        assert there.stdout == here.run(*words, "--format", form).stdout


def test_a_recording_shows_its_history_from_elsewhere(people: People) -> None:
    """The facts, then who opened it; every time is one, not a text."""
    shown = people.json("olga", "recordings", "show", people.theirs)
    told = people.run("olga", "recordings", "show", people.theirs).stdout

    assert shown["id"] == people.theirs
    assert shown["events"][0]["action"] == "recording.sealed"
    assert "What happened to it, oldest first" in told
    assert shown["sealed_at"] not in told, "a table shows local time"


def test_the_log_is_read_and_proven_from_elsewhere(people: People, tmp_path: Path) -> None:
    """list, tail, prove, export, verify: what leaves the vault verifies offline."""
    listed = people.json("olga", "audit", "list", "--action", "password.accepted", "--limit", "2")
    assert listed[0]["name"] == "olga"
    tail = people.run("olga", "audit", "tail", "--no-follow", "--lines", "3", "--format", "json")
    assert [json.loads(line)["action"] for line in tail.stdout.splitlines()][-1] == "password.accepted"
    key = people.json("olga", "audit", "key")["key"]
    proof, folder = tmp_path / "entry.tlog-proof", tmp_path / "log"
    assert people.run("olga", "audit", "prove", "0", "-o", str(proof)).returncode == 0
    assert Shell(tmp_path).run("audit", "verify-proof", str(proof), "--key", key).returncode == 0
    assert people.run("olga", "audit", "export", "-o", str(folder)).returncode == 0
    assert (folder / "checkpoint").read_text().startswith("callvault/")
    checkpoint = folder / "checkpoint"
    assert people.json("olga", "audit", "verify", "--since-checkpoint", str(checkpoint))["ok"] is True


def test_a_tail_follows_from_elsewhere(people: People) -> None:
    """A new entry is told while the connection stands; Ctrl-C ends it."""
    process = subprocess.Popen(
        [*COMMAND, "audit", "tail", "--as", "olga", "--server", people.service.url, "--format", "json"]
        + ["--identity", str(people.identity_file)],
        env=Shell(people.elsewhere / "no-vault-here").environ,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        process.stdout.readline()
        people.service.command("customers", "list")
        while json.loads(process.stdout.readline())["action"] != "customer.listed":
            pass
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


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


def test_a_customer_is_looked_after_from_elsewhere(people: People) -> None:
    """add, set, link, reissue, close: what is shown once is shown once here too."""
    added = people.json("tim", "customers", "add", "zenith", "--agreement", "C-2", "--title", "Zenith")
    changed = people.json("tim", "customers", "set", "zenith", "--email", "calls@zenith.example")
    link = people.json("tim", "links", "create", "zenith", "--expires", "2h")
    issued = people.json("tim", "customers", "reissue-password", "zenith")
    closed = people.json("dana", "customers", "close", "zenith")

    assert len({added["password"], issued["password"]}) == 2
    assert changed["email"] == "calls@zenith.example"
    assert "/collect#" in link["url"]
    assert people.json("tim", "links", "revoke", link["id"])["state"] == "revoked"
    assert closed["closed_at"]


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
    """Plain HTTP to elsewhere, a link, no name, a command of the vault's machine, nobody there: each clear."""
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
