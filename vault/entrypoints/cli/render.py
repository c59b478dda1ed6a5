"""How answers are written: a table for people, JSON for programs, CSV for spreadsheets.

Times are local in tables, with their zone named, and UTC everywhere else.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from vault.entrypoints.cli.globals import Format
from vault.entrypoints.cli.text import pad, plain, width
from vault.entrypoints.staff import row

Row = row.Row
Value = row.Value

# Where a spreadsheet may take what follows for a formula, full-width forms included (OWASP, "CSV Injection"):
# at the beginning, and after what an Excel whose lists are separated by semicolons takes for a cell's end.
_FORMULA = re.compile(
    r"(?P<before>^ *|[;\t] *(?!\+[1-9]\d{6,14}(?:;|$)))(?=[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20])", re.ASCII
)
# Telephone numbers (E.164) are no more than digits, and programs want them as they are.
_NUMBERS = re.compile(r"\+[1-9]\d{6,14}(?:; \+[1-9]\d{6,14})*", re.ASCII)


def render_list(rows: Sequence[Row], form: Format, columns: Sequence[str]) -> str:
    """Write rows, newline at the end. A table shows `columns`; JSON and CSV show everything."""
    if form is Format.JSON:
        return json_text(list(rows))
    if form is Format.CSV:
        return _csv(rows, tuple(rows[0]) if rows else columns)
    return _table(rows, columns) if rows else "none\n"


def render_item(item: Row, form: Format) -> str:
    """Write one thing, newline at the end. A table has a line for each value and leaves empty ones out."""
    if form is Format.JSON:
        return json_text(item)
    if form is Format.CSV:
        return _csv([item], tuple(item))
    shown = [(plain(name), text) for name, value in item.items() if (text := cell(value))]
    label = max((width(name) for name, _ in shown), default=0)
    return "".join(f"{pad(name, label)}  {text}\n" for name, text in shown)


def json_text(value: Value) -> str:
    """Write JSON in ASCII, so that nothing in it can act on a terminal."""
    return json.dumps(_for_json(value), indent=2) + "\n"


def render_line(item: Row, form: Format, *, header: bool) -> str:
    """Write one of a stream of alike things, for programs: a line of JSON, or one of CSV below a header."""
    if form is Format.CSV:
        return _csv([item], tuple(item), header=header)
    return json.dumps(_for_json(item)) + "\n"


def utc_text(moment: datetime) -> str:
    """Write an aware time in UTC, `2026-11-22T00:49:52.123456Z`."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def cell(value: Value) -> str:
    """Write a value for people."""
    match value:
        case str():
            return plain(value)
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
        case Mapping():
            return ", ".join(f"{plain(name)}={cell(part)}" for name, part in value.items())
        case Sequence():
            return ", ".join(cell(part) for part in value)
    return "" if value is None else str(value)


def _table(rows: Sequence[Row], columns: Sequence[str]) -> str:
    cells = [[cell(row.get(column)) for column in columns] for row in rows]
    lines = [[column.replace("_", " ") for column in columns], *cells]
    widths = [max(width(line[position]) for line in lines) for position in range(len(columns))]
    return "".join(
        "  ".join(pad(text, columns) for text, columns in zip(line, widths, strict=True)).rstrip() + "\n"
        for line in lines
    )


def _csv(rows: Sequence[Row], columns: Sequence[str], *, header: bool = True) -> str:
    """Write lines between which and within which commas separate (RFC 4180); text is always quoted.

    Excel in the UK separates by commas. LibreOffice takes semicolons and tabs for separators, too, unless the
    text that holds them is quoted.
    """
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC)
    if header:
        writer.writerow([_csv_cell(column) for column in columns])
    writer.writerows([_csv_cell(row.get(column)) for column in columns] for row in rows)
    return text.getvalue()


def _csv_cell(value: Value) -> str | int | float:
    """Write a value for a spreadsheet, which must never take it for a formula."""
    match value:
        case bool() | None:
            return cell(value)
        case int() | float():
            return value
        case datetime():
            return utc_text(value)
        case Mapping():
            text = json.dumps(_for_json(value))
        case str():
            text = value
        case Sequence():
            text = "; ".join(str(_csv_cell(part)) for part in value)
    return plain(text if _NUMBERS.fullmatch(text) else _FORMULA.sub(r"\g<before>'", text))


def _for_json(value: Value) -> object:
    match value:
        case datetime():
            return utc_text(value)
        case Mapping():
            return {name: _for_json(part) for name, part in value.items()}
        case str():
            return value
        case Sequence():
            return [_for_json(part) for part in value]
    return value
