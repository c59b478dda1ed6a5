"""A server in bad hands: whatever it changes of a vault's answers, a command ends with one clear line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.entrypoints.cli.conftest import Done, Shell
from tests.harness.chance import dice, from_environment, say
from tests.harness.mimic import Answer, Asked, Mimic, json_answer, mimicking, mutations
from tests.harness.people_there import REASON, People
from vault.entrypoints.cli import fetch, push
from vault.entrypoints.client.retry import Patience

CHANGES_EACH = from_environment("CALLVAULT_TEST_ODD_ANSWERS", 4)
"""How many changed answers each command hears; a long run sets more than there are, for all of them."""

STAFF: list[tuple[str, tuple[str, ...]]] = [
    ("dana", ("recordings", "list")),
    ("olga", ("recordings", "list", "--format", "csv")),
    ("dana", ("recordings", "show", "{theirs}")),
    ("dana", ("recordings", "open", "{theirs}", "--reason", REASON, "-o", "{tmp}/open")),
    ("olga", ("recordings", "open", "{theirs}", "--reason", REASON, "-o", "{tmp}/sealed")),
    ("ida", ("recordings", "open", "{own}", "--reason", REASON, "-o", "{tmp}/granted", "--grant", "{grant}")),
    ("dana", ("recordings", "export", "{theirs}", "--reason", REASON, "-o", "{tmp}/age")),
    ("tim", ("recordings", "request", "{theirs}", "--reason", REASON)),
    ("dana", ("recordings", "requests")),
    ("dana", ("grants", "issue", "{theirs}", "mia", "--reason", REASON)),
    ("olga", ("grants", "approve", "{waiting}")),
    ("dana", ("grants", "list")),
    ("dana", ("grants", "list", "--pending", "--format", "json")),
    ("dana", ("holds", "place", "{own}", "--case", "H-1")),
    ("dana", ("holds", "list")),
    ("dana", ("audit", "list", "--limit", "3")),
    ("dana", ("audit", "show", "0", "--format", "json")),
    ("dana", ("audit", "tail", "--no-follow", "--lines", "2")),
    ("dana", ("audit", "tail", "--no-follow", "--lines", "2", "--format", "csv")),
    ("dana", ("audit", "verify")),
    ("dana", ("audit", "checkpoint")),
    ("dana", ("audit", "key")),
    ("dana", ("audit", "prove", "0", "-o", "{tmp}/proof")),
    ("dana", ("audit", "export", "-o", "{tmp}/log")),
    ("dana", ("audit", "report", "--month", "{month}", "-o", "{tmp}/page")),
    ("dana", ("customers", "list")),
    ("dana", ("customers", "show", "acme")),
    ("dana", ("links", "list")),
    ("dana", ("status",)),
]


@pytest.fixture(scope="module")
def waiting(people: People) -> str:
    """A grant that waits for a second DPO."""
    here = Shell(people.service.known.data, {"CALLVAULT_APPROVAL__GRANTS": "true"})
    words = ("grants", "issue", people.theirs, "ida", "--reason", REASON, "--as", "dana")
    return str(here.json(*words, "--password-file", "-", stdin=f"{people.passphrases['dana']}\n")["id"])


def must_be_clear(done: Done, what: str) -> None:
    """Fail unless a command did its work, or said in one line why not; and nothing acts on a terminal."""
    assert "unexpected" not in done.stderr, what
    assert done.returncode in {0, 1, 3, 4}, what
    if done.returncode in {1, 4}:
        assert done.stderr.startswith("callvault: "), what
        assert done.stderr.count("\n") == 1, what
    for acting in ("\x1b", "\r\n\u202e", "\u202e", "\x00"):
        assert acting not in done.stderr, what


def changes(mimic: Mimic, leave: set[Asked]) -> Iterator[tuple[Asked, Answer]]:
    """Yield some of the changes, a different choice each time."""
    every = [
        (asked, odd) for asked, said in mimic.known.items() if asked not in leave for odd in mutations(said)
    ]
    chance = dice()
    chosen = every if len(every) <= CHANGES_EACH else chance.sample(every, CHANGES_EACH)
    say(f"{len(chosen)} of {len(every)}")
    yield from chosen


SIGNING: set[Asked] = {("DELETE", "/v1/staff/sessions/current"), ("DELETE", "/v1/collect/sessions/current")}


@pytest.mark.parametrize(
    ("name", "words"), STAFF, ids=lambda each: each if isinstance(each, str) else " ".join(each)
)
def test_a_command_of_the_staff(
    people: People, waiting: str, tmp_path: Path, name: str, words: tuple[str, ...]
) -> None:
    """Whatever is missing, null, of another type, huge, nested or full of controls: it ends in one line."""
    grant = tmp_path / "grant"
    grant.write_text(people.manager_grant)
    grant.chmod(0o600)
    facts = {"theirs": people.theirs, "own": people.own, "grant": grant, "waiting": waiting}
    given = [word.format(tmp="{tmp}", month=month(people), **facts) for word in words]
    with mimicking(people.service.url) as mimic:
        known = run(people, mimic, name, given, tmp_path / "known")
        assert known.returncode == 0, known.stderr
        mimic.origin = None
        for number, (asked, odd) in enumerate(changes(mimic, SIGNING)):
            mimic.changed = {asked: odd}
            done = run(people, mimic, name, given, tmp_path / str(number))
            must_be_clear(done, f"{asked} {odd.headers} {odd.body[:3000]!r}: {done}")
            assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["grant"]


def run(people: People, mimic: Mimic, name: str, words: list[str], folder: Path) -> Done:
    """Run the command against the mimic, with a folder of its own for what it writes."""
    folder.mkdir()
    return people.run(name, *(word.format(tmp=folder) for word in words), url=mimic.url)


def month(people: People) -> str:
    """Return the month of the log's newest entry."""
    return str(people.actions("recording.sealed")[-1]["time"])[:7]


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands of customers and sources try once."""
    for module in (fetch, push):
        monkeypatch.setattr(module, "Patience", lambda: Patience(tries=1))


@pytest.mark.usefixtures("hasty")
def test_a_customers_collection(people: People, tmp_path: Path) -> None:
    """`callvault fetch`: nothing is written outside its folder, and nothing odd ends in a crash."""
    secret = tmp_path / "password"
    secret.write_text(people.service.known.password)
    secret.chmod(0o600)
    shell = Shell(tmp_path / "no-vault-here")
    with mimicking(people.service.url) as mimic:
        words = ("fetch", mimic.url, "--customer", "acme", "--password-file", str(secret), "-o")
        # The vault never hears the receipt: the other tests need the recording.
        held = json_answer({"state": "held", "certificate": None})
        mimic.changed = {receipt(people): held}
        known = shell.run(*words, str(tmp_path / "known"))
        assert (known.returncode, "call.wav" in known.stdout) == (0, True), known
        mimic.origin, mimic.known[receipt(people)] = None, held
        for number, (asked, odd) in enumerate(changes(mimic, SIGNING)):
            mimic.changed = {asked: odd}
            done = shell.run(*words, str(tmp_path / "kept" / str(number)))
            must_be_clear(done, f"{asked} {odd.headers} {odd.body[:3000]!r}: {done}")
    assert {path.name for path in tmp_path.iterdir()} <= {"password", "known", "kept"}


def receipt(people: People) -> Asked:
    """Return the request that would end the recording which waits for acme."""
    return ("POST", f"/v1/collect/recordings/{people.theirs}/receipt")


@pytest.mark.usefixtures("hasty")
def test_a_sources_upload(tmp_path: Path) -> None:
    """`callvault push`: a receipt that is not for these bytes is none, whatever is odd about it."""
    file, token, content = tmp_path / "call.wav", tmp_path / "token", b"RIFF" * 100
    file.write_bytes(content)
    token.write_text("source-token")
    token.chmod(0o600)
    shell = Shell(tmp_path / "no-vault-here")
    receipt = {
        "recording": "8yv0w8v3m5t7c9x1r2kq",
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "sealed_at": "2026-11-22T08:19:34Z",
        "log_index": 5,
    }
    with mimicking(None) as mimic:
        words = ("push", str(file), "--to", mimic.url, "--token-file", str(token))
        mimic.known = {
            ("GET", "/v1/source"): json_answer({"source": "acme-pbx"}),
            ("PUT", "/v1/recordings/call.wav"): json_answer(receipt, 201),
        }
        assert shell.run(*words).returncode == 0
        for asked, odd in changes(mimic, set()):
            mimic.changed = {asked: odd}
            done = shell.run(*words)
            must_be_clear(done, f"{asked} {odd}: {done}")


@pytest.mark.parametrize(
    "path",
    [
        "../escaped",
        "/dev/null/escaped",
        "tile/../../escaped",
        "checkpoint\n",
        "",
        ".",
        "tile",
        "tile/0/x00/000",
    ],
)
def test_an_export_stays_in_its_folder(people: People, tmp_path: Path, path: str) -> None:
    """A file of the log that says another place than a tile's is written nowhere."""
    row = json.dumps({"path": path, "content": "AAAA"}).encode() + b"\n"
    with mimicking(people.service.url) as mimic:
        mimic.changed = {("POST", "/v1/staff/audit/export"): Answer(200, {"Content-Type": "x-ndjson"}, row)}
        done = people.run("dana", "audit", "export", "-o", str(tmp_path / "log"), url=mimic.url)

    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert "not what a vault would say" in done.stderr
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == []
