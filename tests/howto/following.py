"""Follow a how-to literally, from its first line to its last, and complain by its line."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from tests.howto.document import Block, Command, blocks, commands
from tests.howto.examples import ELLIPSIS, Examples, Unlike, day_written

_COMPLAINT = "callvault: "  # begins the line of a command that fails, as the document then shows it

RETAKE = os.environ.get("CALLVAULT_HOWTO_RETAKE") == "1"
"""Write what is printed into the document instead of complaining; read the difference before you keep it."""


class Typist(Protocol):
    """Who types what a document says: a `Desk`, or several."""

    def settings(self, text: str) -> None:
        """Write the settings file."""

    def sql(self, text: str) -> None:
        """Give a server statements, by whom and where their first line says."""

    def wait(self, days: int) -> None:
        """Let time pass."""

    def type(self, command: str, machine: str = "") -> tuple[int, str]:
        """Run a command at a machine; return its exit code and what it printed."""


class Outdated(AssertionError):
    """The document shows what the program does not do."""


def follow(document: Path, desk: Typist) -> None:
    """Do everything that a document says; raise `Outdated`, which names the line."""
    found = list(blocks(document))
    shown = [line for block in found if block.kind == "console" for line in block.lines]
    today = datetime.now(UTC).date()
    examples = Examples(written=day_written(shown, today), today=today)
    taken: list[tuple[Command, Block, list[str]]] = []
    for block in found:
        _prepare(block, desk)
        for command in commands(block) if block.kind == "console" else ():
            printed = follow_command(command, desk, examples, document.name)
            taken.append((command, block, examples.to_show(printed)))
    if RETAKE:
        _write(document, taken)


def _prepare(block: Block, desk: Typist) -> None:
    """Do what a block asks for that is no terminal."""
    match block.kind:
        case "toml":
            desk.settings(block.text)
        case "sql":
            desk.sql(block.text)
        case "later":
            desk.wait(int(block.text))


def follow_command(command: Command, desk: Typist, examples: Examples, name: str) -> list[str]:
    """Run one command and hold its answer against what is shown; return what it printed."""
    code, answer = desk.type(examples.to_type(command.text), command.machine)
    printed = [line.rstrip() for line in answer.splitlines()]
    try:
        if code and not any(line.startswith(_COMPLAINT) for line in command.shown):
            raise Unlike(0, f"it failed with exit code {code}")  # noqa: TRY301 - as where the lines differ
        examples.compare(command.shown, printed)
    except Unlike as unlike:
        if not RETAKE:
            where = f"{name}:{command.shown_at + unlike.position}: $ {command.text}"
            raise Outdated(f"{where}\n{unlike}\n\nAll that it printed:\n{answer}") from None
    return printed


def _write(document: Path, taken: list[tuple[Command, Block, list[str]]]) -> None:
    """Write every answer into the document, but for those that it shows in part."""
    lines = document.read_text().splitlines()
    for command, block, printed in reversed(taken):
        begin = command.shown_at - 1
        if ELLIPSIS not in command.shown:
            lines[begin : begin + len(command.shown)] = [f"{block.indent}{line}".rstrip() for line in printed]
    document.write_text("\n".join(lines) + "\n")
