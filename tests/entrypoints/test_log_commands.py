"""Promises about the log's commands as a DPO uses them: pages, reports, erasures, who opened that call."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.entrypoints.cli.conftest import Shell
from tests.fakes.clock import SettableClock
from tests.harness.staff import dana
from tests.harness.vaults import RealVault, pieces_of
from vault.domain.call import CallDetails
from vault.domain.event import SERVICE
from vault.usecases.erase_details import KEPT_AT_LEAST, erase_details
from vault.usecases.identify_source import identify_source
from vault.usecases.open_as_staff import open_as_staff
from vault.usecases.seal_recording import Upload, seal_recording

NUMBER = "020 7946 0018"
STARTED = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Office:
    """A vault with one recording, which dana opened."""

    known: RealVault
    recording: str

    @property
    def shell(self) -> Shell:
        """Its commands."""
        return Shell(self.known.data)

    @property
    def newest(self) -> int:
        """The index of the newest entry."""
        return int(self.shell.json("status")["log_size"]) - 1


async def _opened(known: RealVault) -> str:
    details = CallDetails(file_name="call.wav", calling=(NUMBER,), started_at=STARTED)
    async with known.opened() as vault:
        source = await identify_source(vault, known.bearer)
        sealed = await seal_recording(vault, source, Upload(details), pieces_of(b"sound"), by=SERVICE)
        dpo = await dana(vault, known.passphrase)
        await open_as_staff(vault, dpo, sealed.recording, reason="complaint 12")
    return sealed.recording


async def _erase(known: RealVault, index: int) -> None:
    async with known.opened() as vault:
        later = replace(vault, clock=SettableClock(vault.clock.now() + KEPT_AT_LEAST))
        await erase_details(later, await dana(later, known.passphrase), [index], reason="request 7")


@pytest.fixture
def office(real_vault: RealVault) -> Office:
    """An office of this test's own."""
    return Office(real_vault, asyncio.run(_opened(real_vault)))


def test_who_opened_that_call(office: Office) -> None:
    """A number and a rough time lead to the recording, and the recording to who opened it and why."""
    around = ("--number", NUMBER, "--around", "2026-11-22T01:45Z")
    (found,) = office.shell.json("recordings", "list", *around)
    shown = office.shell.json("recordings", "show", found["id"])

    (opened,) = [each for each in shown["events"] if each["action"] == "recording.opened"]
    assert (opened["name"], opened["reason"], opened["erased"]) == ("dana", "complaint 12", False)
    assert office.shell.json("recordings", "list", "--number", NUMBER, "--around", "2026-11-22T03:00Z") == []


def test_the_log_is_read_in_pages(office: Office) -> None:
    """`--before` the last index goes on where the page ended; filters add up; nonsense is wrong usage."""
    listing = ("audit", "list", "--limit", "2")
    first = office.shell.json(*listing)
    second = office.shell.json(*listing, "--before", str(first[-1]["index"]))
    mine = office.shell.json(
        "audit", "list", "--actor", "dana", "--recording", office.recording[:12], "--customer", "acme",
        "--action", "recording.opened", "--outcome", "done", "--since", "2020-01-01", "--until", "2099-01-01",
    )  # fmt: skip

    assert [each["index"] for each in second] == [first[-1]["index"] - 1, first[-1]["index"] - 2]
    assert len(mine) == 1
    for words in (("--limit", "0"), ("--limit", "x"), ("--before", "-1"), ("--action", "nothing.done")):
        assert office.shell.run("audit", "list", *words).returncode == 2


def test_an_erased_entry_says_so(office: Office) -> None:
    """Its name and reason are gone, the rest stays; verifying holds and counts it."""
    asyncio.run(_erase(office.known, 2))

    shown = office.shell.json("audit", "show", "2")
    verified = office.shell.json("audit", "verify")
    told = office.shell.run("audit", "show", "2").stdout

    assert (shown["erased"], shown["name"], shown["detail"]) == (True, None, {})
    assert shown["action"] == "staff.added" or shown["actor"]
    assert (verified["ok"], verified["erased_details"]) == (True, 1)
    assert "erased" in told


def test_erasing_is_refused_in_one_line(office: Office) -> None:
    """Too young an entry, no such entry, nobody's passphrase: nothing goes, and usage is told apart."""
    erasing = ("audit", "erase-details", "--reason", "request 7", "--as", "dana", "--password-file", "-")
    right, wrong = f"{office.known.passphrase}\n", "wrong\n"

    young = office.shell.run(*erasing, "1", "2", stdin=right)
    missing = office.shell.run(*erasing, "999999", stdin=right)
    stranger = office.shell.run(*erasing, "1", stdin=wrong)
    usage = office.shell.run("audit", "erase-details", "1", "--reason", "x", stdin=right)

    assert [done.returncode for done in (young, missing, stranger, usage)] == [1, 1, 1, 2]
    assert "younger than 35 days" in young.stderr
    assert all(done.stderr.count("\n") == 1 for done in (young, missing, stranger, usage))
    assert office.shell.json("audit", "show", "1")["erased"] is False


def test_a_report_is_written_once(office: Office, tmp_path: Path) -> None:
    """The page is a new file, on the log; a second one over it, or of a month to come, is refused."""
    file = tmp_path / "report.html"
    month = f"{datetime.now(UTC):%Y-%m}"
    words = ("audit", "report", "-o", str(file), "--month")

    made = office.shell.json(*words, month, "--as", "dana")
    again = office.shell.run(*words, month)
    size = office.newest
    coming = office.shell.run("audit", "report", "-o", str(tmp_path / "other.html"), "--month", "2999-01")

    assert (made["ok"], made["entry"], made["findings"]) == (True, size, [])
    page = file.read_text()
    assert ">DPO</td>" in page
    assert NUMBER not in page
    assert "call.wav" not in page
    assert (again.returncode, coming.returncode) == (1, 1)
    assert office.newest == size, "what was refused left no entry of a report"
    assert office.shell.run(*words, "2026-13").returncode == 2


def test_too_many_passphrases(office: Office, tmp_path: Path) -> None:
    """After ten wrong passphrases the right one waits too, exit code 4; another person is not locked out."""
    opening = ("recordings", "open", office.recording, "--reason", "x", "-o", str(tmp_path / "x"))
    proof = ("--password-file", "-", "--as", "dana")
    tries = [office.shell.run(*opening, *proof, stdin="wrong\n").returncode for _ in range(10)]
    stopped = office.shell.run(*opening, *proof, stdin=f"{office.known.passphrase}\n")
    other = office.shell.run(*opening, "--password-file", "-", "--as", "nobody", stdin="wrong\n")

    assert (tries, stopped.returncode, other.returncode) == ([1] * 10, 4, 1)
    assert "try again in" in stopped.stderr
    refused = json.loads(office.shell.run("audit", "list", "--format", "json", "--outcome", "refused").stdout)
    assert len(refused) == 11
