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

# What a spreadsheet may take for a formula, full-width forms included (OWASP, "CSV Injection").
_FORMULA_BEGINS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
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


def json_line(value: Value) -> str:
    """Write JSON on one line, for a stream of things."""
    return json.dumps(_for_json(value)) + "\n"


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


def _csv(rows: Sequence[Row], columns: Sequence[str]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)  # RFC 4180
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
            return json.dumps(_for_json(value))
    text = value if isinstance(value, str) else "; ".join(str(_csv_cell(part)) for part in value)
    return plain(f"'{text}" if _may_be_formula(text) else text)


def _may_be_formula(text: str) -> bool:
    return text.lstrip(" ").startswith(_FORMULA_BEGINS) and not _NUMBERS.fullmatch(text)


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
