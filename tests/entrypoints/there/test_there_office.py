"""Promises about what the office does from machines of its own: as at the vault's."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.entrypoints.cli.conftest import COMMAND, Shell
from tests.harness.people_there import People
from vault.entrypoints.cli import remote

ALIKE = [
    ("recordings", "list", "--customer", "acme"),
    ("grants", "list"),
    ("holds", "list"),
    ("recordings", "requests"),
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


def test_what_waits_for_approval_is_found_from_elsewhere(people: People) -> None:
    """By whom, for what and why, to another DPO; to a tech manager their own alone; to a manager nothing."""
    asked = people.json("tim", "recordings", "request", people.theirs, "--reason", "complaint 16")
    other = people.json("olga", "recordings", "request", people.own, "--reason", "police 3", "--export")

    listed = {row["id"]: row for row in people.json("dana", "recordings", "requests")}
    told = people.run("dana", "recordings", "requests").stdout

    seen = [listed[each["id"]] for each in (asked, other)]
    assert [(row["requested_by"], row["for"], row["reason"], row["state"]) for row in seen] == [
        ("tim", "open", "complaint 16", "pending"), ("olga", "export", "police 3", "pending"),
    ]  # fmt: skip
    assert "age" in told.splitlines()[0]
    assert {row["requested_by"] for row in people.json("tim", "recordings", "requests")} == {"tim"}
    assert people.run("ida", "recordings", "requests").returncode == 1
    assert people.actions("opening.listed")[-1]["name"] == "tim"


def test_a_log_is_held_against_its_anchors_from_elsewhere(people: People) -> None:
    """`audit verify --anchors` says how many there are; the vault looks at them where it is."""
    verified = people.json("olga", "audit", "verify", "--anchors")

    assert (verified["ok"], verified["anchors"], verified["stamped"]) == (True, 0, 0)


def test_a_tail_is_a_table_for_spreadsheets(people: People) -> None:
    """CSV: the header once, and an entry a line, at both places."""
    words = ("audit", "tail", "--no-follow", "--lines", "3", "--format", "csv")
    for printed in (people.run("dana", *words).stdout, Shell(people.service.known.data).run(*words).stdout):
        rows = list(csv.DictReader(io.StringIO(printed, newline="")))
        assert len(rows) == 3
        assert [int(row["index"]) for row in rows] == sorted(int(row["index"]) for row in rows)


def test_a_long_list_comes_in_pages(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many answers it takes: no entry is missing and none comes twice."""
    monkeypatch.setattr(remote, "PAGE_ROWS", 5)

    there = [row["index"] for row in people.json("olga", "audit", "list", "--limit", "13")]
    recordings = people.json("olga", "recordings", "list", "--limit", "13")

    assert there == list(range(there[0], there[0] - 13, -1))
    assert {row["id"] for row in recordings} == {people.theirs, people.own}


def test_a_checkpoint_of_another_log_is_found_out(people: People, tmp_path: Path) -> None:
    """Exit 3, as at the vault's own machine."""
    foreign = tmp_path / "foreign.txt"
    root, signature = "A" * 43 + "=", "A" * 96
    foreign.write_text(f"callvault/another\n3\n{root}\n\n— callvault/another {signature}\n")

    done = people.run("olga", "audit", "verify", "--since-checkpoint", str(foreign))

    assert done.returncode == 3
    assert done.stdout.count("wrong: ") == 1


def test_a_month_is_reported_from_elsewhere(people: People, tmp_path: Path) -> None:
    """The page arrives whole; a month that has not begun is refused."""
    page, listed = tmp_path / "page.html", people.json("olga", "audit", "list", "--limit", "1")
    month = listed[0]["time"][:7]

    assert people.json("olga", "audit", "report", "--month", month, "-o", str(page))["ok"] is True
    assert page.read_text().rstrip().endswith("</html>")
    assert (
        people.run("olga", "audit", "report", "--month", "2999-01", "-o", str(tmp_path / "x")).returncode == 1
    )


def test_a_tail_follows_from_elsewhere(people: People) -> None:
    """A new entry is told while the connection stands; Ctrl-C ends it."""
    words = ["audit", "tail", "--as", "olga", "--server", people.service.url, "--format", "json"]
    process = subprocess.Popen(
        [*COMMAND, *words, "--identity", str(people.identity_file)],
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
