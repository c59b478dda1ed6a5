"""A how-to as its reader follows it: the settings to write and the commands to type, in their order.

What is fenced as `console` is a terminal: `$ ` begins a command, a backslash at the end continues it, and the
lines up to the next command are what it prints; an ellipsis on a line of its own stands for any number of
lines. What is fenced as `toml` is the settings file. Anything else is not followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^(?P<indent> *)```(?P<kind>\w*)$")
_PROMPT = "$ "


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its kind, its lines without their indent, and the line of the file where they begin."""

    kind: str
    line: int
    indent: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """Its lines as one text, newline at the end."""
        return "".join(f"{line}\n" for line in self.lines)


@dataclass(frozen=True, slots=True)
class Command:
    """What is typed at a line of the file, and what the lines from `shown_at` on show of its answer."""

    line: int
    text: str
    shown_at: int
    shown: tuple[str, ...]


def blocks(document: Path) -> Iterator[Block]:
    """Yield every fenced block of a document, in order; lines count from 1."""
    kind, begun, indent, lines = "", 0, "", list[str]()
    for number, line in enumerate(document.read_text().splitlines(), start=1):
        fence = _FENCE.match(line)
        if begun and line == f"{indent}```":
            yield Block(kind, begun, indent, tuple(lines))
            begun, lines = 0, []
        elif begun:
            lines.append(line.removeprefix(indent))
        elif fence:
            kind, begun, indent = fence["kind"], number + 1, fence["indent"]


def commands(block: Block) -> Iterator[Command]:
    """Yield the commands of a `console` block."""
    rest = list(enumerate(block.lines, start=block.line))
    while rest:
        line, typed = rest.pop(0)
        assert typed.startswith(_PROMPT), f"line {line}: a console block begins with a command"
        last, parts = line, [typed.removeprefix(_PROMPT)]
        while parts[-1].endswith("\\"):
            parts[-1] = parts[-1].removesuffix("\\").rstrip()
            last, more = rest.pop(0)
            parts.append(more.strip())
        shown = []
        while rest and not rest[0][1].startswith(_PROMPT):
            shown.append(rest.pop(0)[1])
        yield Command(line, " ".join(parts), last + 1, tuple(shown))
