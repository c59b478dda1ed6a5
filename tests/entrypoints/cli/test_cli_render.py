"""Promises about tables, JSON and CSV: what came from outside stays text."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest

from vault.entrypoints.cli.globals import Format
from vault.entrypoints.cli.render import Row, cell, render_item, render_line, render_list
from vault.entrypoints.cli.text import pad, plain, width

_HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202egnp.exe\r\nFAKE LINE\u2028\u200b\x9b31m"


@pytest.mark.parametrize("form", list(Format))
def test_nothing_acts_on_a_terminal(form: Format) -> None:
    """No escape sequence, bidi control or line of somebody else's gets out, in any format."""
    row: Row = {"name": _HOSTILE, "list": [_HOSTILE], "facts": {_HOSTILE: _HOSTILE}}

    for text in (render_list([row], form, ("name", "list", "facts")), render_item(row, form)):
        assert all(character.isprintable() or character in "\r\n" for character in text)
        assert "\nFAKE" not in text


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d"])
def test_csv_holds_no_formula(begin: str) -> None:
    """A spreadsheet takes no value for a formula, not even one inside a list."""
    text = render_list([{"a": f"{begin}1+1", "b": [f"{begin}2", "x"]}], Format.CSV, ("a", "b"))

    read = next(csv.DictReader(io.StringIO(text)))
    assert read["a"].startswith("'")
    assert read["b"].startswith("'")


def test_csv_quotes() -> None:
    """Commas and quotes in a value don't make columns (RFC 4180)."""
    text = render_list([{"a": 'x","y', "b": 1}], Format.CSV, ("a", "b"))

    assert list(csv.reader(io.StringIO(text))) == [["a", "b"], ['x","y', "1"]]


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\uff1d"])
def test_csv_holds_no_formula_behind_a_semicolon(begin: str) -> None:
    """Nor where lists are separated by semicolons: there a cell may begin in the middle of a text."""
    for value in (f"x;{begin}1+1", f"x; {begin}1+1;y", ["x", f"{begin}1+1"], {"k": f"x;{begin}1"}):
        text = render_list([{"a": value}], Format.CSV, ("a",))

        for cell_there in text.replace('"', "").splitlines()[1].split(";"):
            assert not cell_there.strip().startswith(("=", "+", "-", "@", "\uff1d")), text


def test_csv_keeps_text_with_semicolons_together() -> None:
    """LibreOffice takes semicolons for separators unless the text is quoted: all text is, and no number."""
    numbers = ["201", "+442079460000", "+442079460001"]
    text = render_list([{"a": "tim; tom", "b": numbers, "c": 7}], Format.CSV, ("a", "b", "c"))

    assert text == '"a","b","c"\r\n"tim; tom","201; +442079460000; +442079460001",7\r\n'


def test_a_stream_of_csv_has_one_header() -> None:
    """Each thing is a line as it comes; the first has the names above it."""
    lines = [render_line({"a": n, "b": "x\ny"}, Format.CSV, header=n == 0) for n in range(2)]

    read = list(csv.DictReader(io.StringIO("".join(lines))))
    assert [each["a"] for each in read] == ["0", "1"]
    assert [line.count("\n") for line in lines] == [2, 1]


def test_empty_lists() -> None:
    """Nothing is an empty array, a header alone, or the word none."""
    assert json.loads(render_list([], Format.JSON, ("a",))) == []
    assert render_list([], Format.CSV, ("a", "b")) == '"a","b"\r\n'
    assert render_list([], Format.TABLE, ("a",)) == "none\n"


def test_json_shows_all_and_a_table_what_was_asked() -> None:
    """Programs get every value with its type; people the columns that fit a line."""
    row: Row = {"a": 1, "hidden": None, "yes": True, "list": ["x"], "facts": {"k": 2}}

    assert json.loads(render_list([row], Format.JSON, ("a",))) == [dict(row)]
    assert render_list([row], Format.TABLE, ("a", "yes")) == "a  yes\n1  yes\n"


def test_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times are UTC for programs, and local with their zone named for people."""
    moment = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
    monkeypatch.setenv("TZ", "Europe/London")
    import time  # noqa: PLC0415 - only here is the zone changed

    time.tzset()
    try:
        assert cell(moment) == "2026-07-01 13:00:00 BST"
    finally:
        monkeypatch.undo()
        time.tzset()
    assert json.loads(render_line({"t": moment}, Format.JSON, header=True)) == {"t": "2026-07-01T12:00:00Z"}
    assert "2026-07-01T12:00:00Z" in render_item({"t": moment}, Format.CSV)


def test_width_of_other_scripts() -> None:
    """Columns stay aligned behind wide characters and combining marks."""
    assert [width(text) for text in ("abc", "日本", "e\u0301")] == [3, 4, 1]
    assert pad("日本", 6) == "日本  "
    assert plain("Zoë 日本 👍") == "Zoë 日本 👍"
