"""A document that shows what the program does not do is found out, by its line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.howto import following
from tests.howto.following import Outdated, follow

ONE, OTHER = "8jv6qtajd6gr4h6xaxy0", "2ks32xkbttv6h2axrmt6"
SHOWN_ONE, SHOWN_OTHER = "055568qx5fjfsnewmd7w", "nm17razb6dfee061yac0"
DOCUMENT = f"""\
# How to

```console
$ callvault add one
id        {SHOWN_ONE}
added_at  2026-11-22 05:12:35 GMT
$ callvault add other \\
    --quickly
id        {SHOWN_OTHER}
added_at  2026-11-22 05:12:36 GMT
$ callvault show 055568 --since 2026-11-21
id  {SHOWN_ONE}
```
"""
ANSWERS = (
    f"id  {ONE}\nadded_at  2031-01-02 13:14:15 BST\n",
    f"id  {OTHER}\nadded_at  2031-01-02 13:14:16 BST\n",
    f"id  {ONE}\n",
)


class Typed:
    """Answers with what it was given, and remembers what was typed."""

    def __init__(self, answers: Sequence[str], code: int = 0) -> None:
        self.answers = list(answers)
        self.code = code
        self.commands: list[str] = []
        self.written = ""
        self.machines: list[str] = []
        self.asked: list[str | int] = []

    def sql(self, text: str) -> None:
        """Remember the statements."""
        self.asked.append(text)

    def wait(self, days: int) -> None:
        """Remember how long."""
        self.asked.append(days)

    def settings(self, text: str) -> None:
        """Remember the settings."""
        self.written = text

    def type(self, command: str, machine: str = "") -> tuple[int, str]:
        """Answer the next answer."""
        self.commands.append(command)
        self.machines.append(machine)
        return self.code, self.answers[len(self.commands) - 1]


@pytest.fixture(autouse=True)
def complain(monkeypatch: pytest.MonkeyPatch) -> None:
    """These documents are never rewritten."""
    monkeypatch.setattr(following, "RETAKE", False)


def written(folder: Path, text: str = DOCUMENT) -> Path:
    """Return a document in a file."""
    document = folder / "how.md"
    document.write_text(text)
    return document


def test_examples_are_replaced_where_they_are_typed(tmp_path: Path) -> None:
    """An id that was shown before is typed as the one that was issued, as short as the document has it."""
    typed = Typed(ANSWERS)

    follow(written(tmp_path), typed)

    assert typed.commands[1] == "callvault add other --quickly"
    assert re.fullmatch(rf"callvault show {ONE[:6]} --since \d{{4}}-\d\d-\d\d", typed.commands[2])


@pytest.mark.parametrize(
    ("answers", "line"),
    [
        ((ANSWERS[0].replace("added_at", "begun_at"),), 6),
        ((ANSWERS[0] + "warning: nothing is safe\n",), 7),
        ((f"id  {ONE}\n",), 6),
        ((ANSWERS[0].replace("13:14:15", "soon"),), 6),
        ((ANSWERS[0], ANSWERS[0]), 9),
        ((*ANSWERS[:2], f"id  {OTHER}\n"), 12),
    ],
    ids=["word", "more", "less", "shape", "one real id for two", "another's id"],
)
def test_what_differs_is_named_by_its_line(tmp_path: Path, answers: Sequence[str], line: int) -> None:
    """Another word, a line more or less, another shape, or another recording's id: each is found."""
    with pytest.raises(Outdated, match=rf"^how\.md:{line}: "):
        follow(written(tmp_path), Typed(answers))


def test_a_failure_must_be_shown(tmp_path: Path) -> None:
    """A command may fail only where the document shows its complaint."""
    with pytest.raises(Outdated, match="exit code 3"):
        follow(written(tmp_path), Typed(ANSWERS, code=3))


def test_machines_statements_and_time(tmp_path: Path) -> None:
    """A prompt says at which machine, a block of SQL is given as it stands, and a comment lets time pass."""
    text = DOCUMENT.replace("$ callvault add other", "vault$ callvault add other")
    typed = Typed(ANSWERS)

    follow(written(tmp_path, f"<!-- 36 days later -->\n```sql\n-- as one\nSELECT 1;\n```\n{text}"), typed)

    assert typed.asked == [36, "-- as one\nSELECT 1;\n"]
    assert typed.machines == ["", "vault", ""]


def test_an_ellipsis_leaves_lines_out(tmp_path: Path) -> None:
    """Lines may be left out where the document says so, and what comes after must still be there."""
    text = DOCUMENT.replace(f"id  {SHOWN_ONE}\n", f"…\nid  {SHOWN_ONE}\n…\n")
    many = f"a line\nanother\nid  {ONE}\nthe end\n"

    follow(written(tmp_path, text), Typed((*ANSWERS[:2], many)))

    with pytest.raises(Outdated, match=r"how\.md:13: "):
        follow(written(tmp_path, text), Typed((*ANSWERS[:2], "a line\nanother\n")))
