"""Follow a how-to literally, from its first line to its last, and complain by its line."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from tests.howto.desk import Desk
from tests.howto.document import Block, Command, blocks, commands
from tests.howto.examples import Examples, Unlike, day_written

RETAKE = os.environ.get("CALLVAULT_HOWTO_RETAKE") == "1"
"""Write what is printed into the document instead of complaining; read the difference before you keep it."""


class Outdated(AssertionError):
    """The document shows what the program does not do; `printed` is what it printed."""

    def __init__(self, text: str, printed: list[str]) -> None:
        super().__init__(text)
        self.printed = printed


def follow(document: Path, desk: Desk) -> None:
    """Do everything that a document says; raise `Outdated`, which names the line."""
    found = list(blocks(document))
    shown = [line for block in found if block.kind == "console" for line in block.lines]
    examples = Examples(written=day_written(shown), today=datetime.now().astimezone().date())
    retaken: list[tuple[Command, Block, list[str]]] = []
    for block in found:
        if block.kind == "toml":
            desk.settings("\n".join(block.lines))
        for command in commands(block) if block.kind == "console" else ():
            try:
                follow_command(command, desk, examples, document.name)
            except Outdated as outdated:
                if not RETAKE:
                    raise
                retaken.append((command, block, examples.to_show(outdated.printed)))
    if retaken:
        _write(document, retaken)


def follow_command(command: Command, desk: Desk, examples: Examples, name: str) -> None:
    """Run one command and hold its answer against what is shown."""
    code, answer = desk.type(examples.to_type(command.text))
    printed = [line.rstrip() for line in answer.splitlines()]
    where, failure = command.line, ""
    if code and not any(line.startswith("callvault: ") for line in command.shown):
        failure = f"it failed with exit code {code}"
    else:
        try:
            examples.compare(command.shown, printed)
        except Unlike as unlike:
            where, failure = command.shown_at + unlike.position, str(unlike)
    if failure:
        text = f"{name}:{where}: $ {command.text}\n{failure}\n\nAll that it printed:\n{answer}"
        raise Outdated(text, printed)


def _write(document: Path, retaken: list[tuple[Command, Block, list[str]]]) -> None:
    lines = document.read_text().splitlines()
    for command, block, printed in reversed(retaken):
        begin = command.shown_at - 1
        lines[begin : begin + len(command.shown)] = [f"{block.indent}{line}".rstrip() for line in printed]
    document.write_text("\n".join(lines) + "\n")
