"""Promise 3 at the command line: what names people, or tells who did what, is on the log before it is shown.

Every command stands in one of two lists. A new one fails here until somebody has thought about it.
"""

from __future__ import annotations

import ast
import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.entrypoints.cli.conftest import Done, Shell
from tests.entrypoints.cli.test_cli_help import ALL
from tests.harness.unwritable import log_unwritable
from tests.harness.vaults import RealVault
from vault import entrypoints
from vault.usecases.confirm_receipt import confirm_receipt

READING = {
    "audit export": ("-o", "{tmp}/exported"),
    "audit list": (),
    "audit prove": ("0",),
    "audit report": ("--month", "{month}", "-o", "{tmp}/report.html"),
    "audit show": ("0",),
    "audit tail": ("--no-follow",),
    "certificates show": ("{shredded}",),
    "customers list": (),
    "customers show": ("acme",),
    "grants list": (),
    "holds list": (),
    "links list": (),
    "recordings export": ("{waiting}", "--reason", "x", "-o", "{tmp}/call.age"),
    "recordings list": (),
    "recordings requests": (),
    "recordings open": ("{waiting}", "--reason", "x", "-o", "{tmp}/call.wav"),
    "recordings show": ("{waiting}",),
    "sources list": (),
    "sources show": ("pbx",),
    "staff list": (),
}
"""Commands that show such things, with what each is given."""

CHANGING = {
    "audit anchor", "audit erase-details", "customers add", "customers close", "customers reissue-password",
    "customers set", "grants approve", "grants issue", "grants revoke", "holds place", "holds release",
    "init", "keys resume", "keys rewrap", "keys rotate", "links create", "links revoke", "migrate",
    "migrate-database", "mirrors add", "recordings approve", "recordings request", "recordings shred",
    "sources add", "sources revoke", "sources token", "staff add", "staff passphrase", "staff recover",
    "staff remove",
}  # fmt: skip
"""Commands that change something, whose own entry commits with the change: the use cases' tests see to it."""

NAMELESS = {
    "audit checkpoint": "a size and a hash",
    "audit key": "a public key",
    "audit verify": "what is wrong, by opaque id; it must work while nothing can be written",
    "audit verify-proof": "a file that somebody has, without a vault",
    "certificates verify": "a file that somebody has, without a vault",
    "doctor": "the deployment",
    "fetch": "a customer's own, over HTTP",
    "keys list": "how far renewals are",
    "mirrors list": "folders",
    "push": "a source's own, over HTTP",
    "serve": "nothing",
    "status": "counts",
}
"""Commands that name nobody, and what they show."""


@dataclass(frozen=True)
class Read:
    """A vault with a recording that waits and one that is shredded."""

    known: RealVault
    values: dict[str, str]

    def run(self, command: str) -> Done:
        """Run a reading command as dana, who gives her passphrase on standard input where it is asked for."""
        given = [word.format(**self.values) for word in READING[command]]
        proof = ("--password-file", "-") if command in {"recordings open", "recordings export"} else ()
        words = (*command.split(), *given, "--as", "dana", *proof)
        return Shell(self.known.data).run(*words, stdin=f"{self.known.passphrase}\n")


async def _filled(known: RealVault) -> dict[str, str]:
    async with known.opened() as vault:
        waiting = await known.upload(vault, b"waiting" * 100)
        shredded = await known.upload(vault, b"shredded", name="another.wav")
        await confirm_receipt(vault, await known.visit(vault), shredded.recording, shredded.sha256)
    month = f"{waiting.sealed_at:%Y-%m}"
    return {"waiting": waiting.recording, "shredded": shredded.recording, "month": month}


@pytest.fixture(scope="module")
def read(founded: RealVault, tmp_path_factory: pytest.TempPathFactory) -> Read:
    """One vault for all, which reading does not change."""
    folder = tmp_path_factory.mktemp("read")
    known = founded.copied_to(folder / "vault")
    return Read(known, {**asyncio.run(_filled(known)), "tmp": str(folder)})


def test_every_command_was_thought_about() -> None:
    """A command that nobody put into one of the lists may show what nobody can trace."""
    listed = [*READING, *CHANGING, *NAMELESS]
    assert sorted(listed) == sorted(ALL)


@pytest.mark.parametrize("command", READING)
def test_nothing_is_shown_that_cannot_be_recorded(read: Read, command: str) -> None:
    """With the log unwritable a reading command shows nothing, leaves no file, says to try again."""
    folder = Path(read.values["tmp"])
    before = set(folder.iterdir())
    with log_unwritable(read.known.data):
        refused = read.run(command)

    assert (refused.returncode, refused.stdout) == (4, ""), refused.stderr
    assert refused.stderr.count("\n") == 1
    assert not [file for path in set(folder.iterdir()) - before for file in path.rglob("*") if file.is_file()]


@pytest.mark.parametrize("command", READING)
def test_what_is_shown_is_an_entry(read: Read, command: str, tmp_path: Path) -> None:
    """Each leaves an entry of whom it was shown to, under an action of its own noun."""
    last = Shell(read.known.data).json("status")["log_size"]
    given = Read(read.known, {**read.values, "tmp": str(tmp_path)})

    shown = given.run(command)

    assert shown.returncode == 0, shown.stderr
    entries = Shell(read.known.data).json("audit", "list", "--limit", "1000")
    ours = [entry for entry in entries if entry["index"] >= last and entry["name"] == "dana"]
    assert len(ours) == 1
    noun, verb = ours[0]["action"].split(".")
    of = "opening" if command == "recordings requests" else command.split(maxsplit=1)[0].removesuffix("s")
    assert of in {noun, "audit"}
    assert verb in {"listed", "read", "made", "opened", "exported"}


def _calls(module: Path) -> set[str]:
    tree = ast.parse(module.read_text())
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def test_no_door_reads_past_the_use_cases() -> None:
    """No door opens a snapshot or a unit of work itself: then none can forget the entry."""
    folder = Path(entrypoints.__path__[0])
    doctor = folder / "cli" / "checks"  # shows the deployment, and nobody's name
    modules = [path for path in folder.rglob("*.py") if doctor not in path.parents]

    assert len(modules) > 50
    assert [path.name for path in modules if _calls(path) & {"reading", "unit_of_work"}] == []
