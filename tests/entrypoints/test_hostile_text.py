"""What others wrote is shown by every command, and acts on nothing: no terminal, spreadsheet, log or page."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.entrypoints.cli.conftest import Done, Shell
from tests.entrypoints.test_reads_are_recorded import READING
from tests.harness.poison import NUMBER, POISONS, acts_on, formulas_in, poisoned
from tests.harness.vaults import RealVault
from vault.entrypoints.cli.globals import Format, take_options
from vault.entrypoints.cli.invocation import Invocation

OF_THE_VAULT = ("audit verify", "doctor", "keys list", "mirrors list", "status")
PAGES = {
    "audit report": ("--month", "{month}", "-o", "{tmp}/report-{form}.html"),
    "audit export": ("-o", "{tmp}/exported-{form}"),
    "certificates show": ("{shredded}", "-o", "{tmp}/certificate-{form}.html"),
}
NEEDING_KEYS = {"recordings open", "recordings export"}
COMMANDS: dict[str, tuple[str, ...]] = {**READING, **dict.fromkeys(OF_THE_VAULT, ()), **PAGES}
LINES_OF_JSON = {"audit tail"}
"""Commands that are followed: JSON, an object a line, unless people read them."""


@dataclass(frozen=True)
class Poisoned:
    """A vault in which whatever can be a text is poison."""

    known: RealVault
    values: dict[str, str]

    def run(self, command: str, form: Format) -> Done:
        """Run a command as dana."""
        given = [word.format(**self.values, form=form) for word in COMMANDS[command]]
        proof = ("--password-file", "-") if command in NEEDING_KEYS else ()
        words = (*command.split(), *given, "--as", "dana", *proof, "--format", form)
        return Shell(self.known.data).run(*words, stdin=f"{self.known.passphrase}\n")


@pytest.fixture(scope="module")
def vault(founded: RealVault, tmp_path_factory: pytest.TempPathFactory) -> Poisoned:
    """One vault for all, which reading does not change."""
    folder = tmp_path_factory.mktemp("poisoned")
    known = founded.copied_to(folder / "vault")
    return Poisoned(known, {**asyncio.run(poisoned(known)), "tmp": str(folder)})


@pytest.mark.parametrize("command", sorted(COMMANDS.keys() - NEEDING_KEYS))
def test_what_others_wrote_acts_on_nothing(vault: Poisoned, command: str) -> None:
    """In a table nothing moves or turns; CSV holds no formula; JSON stays JSON, and ASCII."""
    shown = {form: vault.run(command, form) for form in Format}

    for form, done in shown.items():
        assert done.returncode in {0, 3}, (form, done.stderr)
        assert acts_on(done.stdout + done.stderr) == [], form
        assert "\nFAKE" not in done.stdout + done.stderr
    documents = (
        shown[Format.JSON].stdout.splitlines() if command in LINES_OF_JSON else [shown[Format.JSON].stdout]
    )
    assert all(isinstance(json.loads(each), dict | list) for each in documents)
    assert shown[Format.JSON].stdout.isascii()
    if command not in LINES_OF_JSON:
        assert formulas_in(shown[Format.CSV].stdout) == []


@pytest.mark.parametrize(
    "command", ["customers list", "sources list", "staff list", "holds list", "audit list"]
)
def test_programs_get_it_word_for_word(vault: Poisoned, command: str) -> None:
    """Nothing is lost where it can't hurt: JSON has every one of them."""
    told = json.loads(vault.run(command, Format.JSON).stdout)

    words = {value for row in told for value in row.values() if isinstance(value, str)}
    assert set(POISONS) <= words


def test_numbers_stay_numbers(vault: Poisoned) -> None:
    """A telephone number is in CSV as it was dialled: nothing is put before it."""
    text = vault.run("recordings list", Format.CSV).stdout

    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert {row["called"] for row in rows if row["called"]} == {NUMBER}
    assert {row["calling"] for row in rows if row["calling"]} == {f"{NUMBER}; {NUMBER}"}


def test_pages_are_paper(vault: Poisoned) -> None:
    """Report and certificate hold no element and no control character of anybody's."""
    for command in PAGES:
        vault.run(command, Format.TABLE)
    pages = [path.read_text() for path in Path(vault.values["tmp"]).glob("*-table.html")]

    assert len(pages) == 2
    for page in pages:
        assert acts_on(page) == []
        assert "<script" not in page
        assert "' onload" not in page


class _Terminal(io.StringIO):
    """Somebody sits there."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.mark.parametrize("poison", POISONS)
def test_proofs_pass_a_terminal_by(monkeypatch: pytest.MonkeyPatch, poison: str) -> None:
    """A server's certificate goes into a file as it is; on a terminal nothing in it acts."""
    run = Invocation(take_options([], {})[0], {})
    outputs: dict[type[io.StringIO], io.StringIO] = {}
    for kind in (io.StringIO, _Terminal):
        monkeypatch.setattr("sys.stdout", outputs.setdefault(kind, kind()))
        run.pass_on(f"{poison}\n")

    assert outputs[io.StringIO].getvalue() == f"{poison}\n"
    assert acts_on(outputs[_Terminal].getvalue()) == []
