"""A how-to as its reader follows it: the settings to write and the commands to type, in their order.

What is fenced as `console` is a terminal: `$ ` begins a command, a backslash at the end continues it, and the
lines up to the next command are what it prints; an ellipsis on a line of its own stands for any number of
lines. Where several machines take part, the prompt names the one that is not the reader's: `vault$ `. What is
fenced as `toml` is the settings file, and as `sql` what `psql` is given, by whom and where its first line
says: `-- as ROLE, in the database NAME`. A comment, which readers don't see, lets time pass:
`<!-- 36 days later -->`.

Anything else is not followed: what needs root, a package registry or an account elsewhere is fenced without
such a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^(?P<indent> *)```(?P<kind>\w*)$")
_LATER = re.compile(r"^<!-- (?P<days>\d+) days later -->$")
_PROMPT = re.compile(r"^(?P<machine>[a-z]*)\$ ")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its kind, its lines without their indent, and the line of the file where they begin.

    Of kind `later` is one that lets time pass: its only line is a number of days.
    """

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
    """What is typed at a line of the file, and what the lines from `shown_at` on show of its answer.

    `machine` is the one that the prompt names, or empty for the reader's own.
    """

    line: int
    text: str
    shown_at: int
    shown: tuple[str, ...]
    machine: str = ""


def blocks(document: Path) -> Iterator[Block]:
    """Yield every fenced block of a document, in order; lines count from 1."""
    kind, begun, indent, lines = "", 0, "", list[str]()
    for number, line in enumerate(document.read_text().splitlines(), start=1):
        fence, later = _FENCE.match(line), _LATER.match(line)
        if begun and line == f"{indent}```":
            yield Block(kind, begun, indent, tuple(lines))
            begun, lines = 0, []
        elif begun:
            lines.append(line.removeprefix(indent))
        elif fence:
            kind, begun, indent = fence["kind"], number + 1, fence["indent"]
        elif later:
            yield Block("later", number, "", (later["days"],))


def commands(block: Block) -> Iterator[Command]:
    """Yield the commands of a `console` block."""
    rest = list(enumerate(block.lines, start=block.line))
    while rest:
        line, typed = rest.pop(0)
        prompt = _PROMPT.match(typed)
        assert prompt, f"line {line}: a console block begins with a command"
        last, parts = line, [typed[prompt.end() :]]
        while parts[-1].endswith("\\"):
            parts[-1] = parts[-1].removesuffix("\\").rstrip()
            last, more = rest.pop(0)
            parts.append(more.strip())
        shown = []
        while rest and not _PROMPT.match(rest[0][1]):
            shown.append(rest.pop(0)[1])
        yield Command(line, " ".join(parts), last + 1, tuple(shown), prompt["machine"])
