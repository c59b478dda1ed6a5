"""What a document shows beside what was really printed: alike but for ids, secrets, times and the machine.

A shown id, password or key is an example of the one that was issued. Which stands for which is remembered
where they are first printed; from then on each example must stand where its real one does, and commands that
name the example are run with the real one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

ELLIPSIS = "…"
"""On a line of its own: here the document leaves lines out."""

_ID = r"(?<![\w-])[0-9a-hjkmnp-tv-z]{20}(?![\w-])"
_DATE = r"\d{4}-\d\d-\d\d"

# What differs from run to run. Kinds that begin with a capital have one real value for each example.
_KINDS = {
    "Password": r"(?<![\w-])[a-z]+(?:-[a-z]+){5,}(?![\w-])",
    "Verifier_key": r"callvault/\w{20}\+[0-9a-f]{8}\+[\w+/=]+",
    "Identity": r"AGE-SECRET-KEY-[0-9A-Z-]+",
    "Recipient": r"age1[0-9a-z]{50,}",
    "Token": r"(?<=#)[\w-]{22}(?![\w-])|(?<=/hooks/)[\w-]{22,}|(?<![\w+/-])[\w-]{43}(?![\w+/=-])",
    "Id": _ID,
    "Digest": r"(?<![\w+/])[0-9a-f]{64}(?![\w+/])|(?<![\w+/])[\w+/]{43}=(?!\w)",
    "Fingerprint": r"(?<![\w-])[0-9a-f]{16}(?![\w-])",
    "entry": r"(?<=^extra )\S+$",
    "signature": r"(?<=^— )\S+ \S+$",
    "time": rf"{_DATE}[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z| [A-Z]{{3,4}})?",
    "date": _DATE,
    "month": r"(?<![\w-])\d{4}-\d\d(?![\w-])",
    "file_system": r"(?:ok|warning) +slots +\S+: .*|(?<=^file_system)  .*",
    "size": r"\d+(?:\.\d+)? (?:[KMGT]iB)(?= free)",
    "server": r"(?<=PostgreSQL )\d\S*(?: \([^)]*\))?",
    "version": r"(?<![\w.])\d+\.\d+\.\d+(?![\w.])",
    "age": r"(?<=  )\d+m(?=  )",
    "port": r"(?<=127\.0\.0\.1:)\d+",
}
_CHANGING = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KINDS.items()))
_SHORTENED = re.compile(r"(?<![\w.#/-])[0-9a-hjkmnp-tv-z]{6,19}(?![\w.-])")


class Unlike(Exception):
    """What was printed is not what is shown; the number counts the shown lines from 0."""

    def __init__(self, position: int, why: str) -> None:
        super().__init__(why)
        self.position = position


@dataclass
class Examples:
    """The examples of one document, and what each stands for in this run.

    `written` is the day on which the document's run happened; dates in commands move with it to `today`.
    """

    written: date
    today: date
    real: dict[str, str] = field(default_factory=dict)

    def to_type(self, text: str) -> str:
        """Return a command of the document with what its examples stand for."""
        for example in sorted(self.real, key=len, reverse=True):
            text = text.replace(example, self.real[example])
        text = _SHORTENED.sub(lambda found: self._beginning(found[0]), text)
        text = re.sub(_DATE, lambda found: self._moved(found[0]), text)
        return text.replace(f"--month {self.written:%Y-%m}", f"--month {self.today:%Y-%m}")

    def compare(self, shown: Sequence[str], printed: Sequence[str]) -> None:
        """Hold what was printed against what is shown, and learn its examples; raise `Unlike`."""
        place, skipping = 0, False
        for position, line in enumerate(shown):
            if line.strip() == ELLIPSIS:
                skipping = True
                continue
            while skipping and place < len(printed) and _outline(printed[place]) != _outline(line):
                place += 1
            skipping = False
            if place >= len(printed):
                raise Unlike(position, "nothing more was printed")
            self._learn(position, line, printed[place])
            place += 1
        if place < len(printed) and not skipping:
            raise Unlike(len(shown), f"it printed more: {printed[place]}")

    def to_show(self, printed: Sequence[str]) -> list[str]:
        """Return what was printed as the document would show it; what is new becomes its own example."""
        return [self._shown(line) for line in printed]

    def _shown(self, line: str) -> str:
        for example, real in self.real.items():
            line = line.replace(real, example)
        for kind, value in _values(line):
            if kind[0].isupper():
                self.real.setdefault(value, value)
        return line

    def _learn(self, position: int, shown: str, printed: str) -> None:
        if _outline(shown) != _outline(printed):
            raise Unlike(position, f"it printed: {printed}")
        for (kind, example), (_, real) in zip(_values(shown), _values(printed), strict=True):
            if not kind[0].isupper():
                continue
            known = self.real.get(example, real)
            if known != real:
                raise Unlike(position, f"{example} stood for {known} before, and for {real} here")
            if example not in self.real and real in self.real.values():
                raise Unlike(position, f"{real} had another example before {example}")
            self.real[example] = real

    def _beginning(self, example: str) -> str:
        """Return the beginning of the id that a shortened example begins, or the text as it is."""
        begun = {real[: len(example)] for known, real in self.real.items() if known.startswith(example)}
        assert len(begun) <= 1, f"{example} begins several ids of the document"
        return begun.pop() if begun else example

    def _moved(self, day: str) -> str:
        return str(date.fromisoformat(day) + (self.today - self.written))


def day_written(lines: Sequence[str], default: date) -> date:
    """Return the day of the first time that a document shows, or `default` where it shows none."""
    for line in lines:
        found = re.search(rf"(?P<day>{_DATE}) \d\d:\d\d:\d\d", line)
        if found:
            return date.fromisoformat(found["day"])
    return default


def _outline(line: str) -> str:
    """Return a line without what differs from run to run; columns are as wide as what is in them."""
    bare = _CHANGING.sub(lambda found: f"<{found.lastgroup}>", line)
    return re.sub(r"  +", "  ", bare).strip()


def _values(line: str) -> Iterator[tuple[str, str]]:
    for found in _CHANGING.finditer(line):
        assert found.lastgroup is not None
        yield found.lastgroup, found[0]
