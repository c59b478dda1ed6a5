"""Values that come as text: checked once, here. A refusal names the field and never repeats the value.

Caller ids and file names are written by whoever calls. Nothing that could end a line, hide in a terminal or
turn text around gets past this module.
"""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from vault.entrypoints.http.refusals import FieldInvalid

NUMBER_CHARACTERS = 128
"""As long as a SIP address may sensibly be."""

_BREAKING = {"Cc", "Cs", "Zl", "Zp", "Co", "Cn"}
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Unicode's explicit directional formatting (UAX 9, 2): only good for making a name look like another."""

_SECONDS = re.compile(r"\d{1,8}(?:\.\d{1,9})?", re.ASCII)
_EPOCH = re.compile(r"\d{9,10}(?:\.\d{1,9})?", re.ASCII)
_LOST_PLUS = re.compile(r"(T\d\d:?\d\d[0-9:.,]*) (\d\d:?\d\d)", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 1980, 2100


def clean(field: str, text: str, most_characters: int) -> str:
    """Return the text without outer spaces; raise `FieldInvalid` for one that is too long or not printable.

    Surrogates stand for bytes that were no UTF-8.
    """
    text = text.strip(" ")
    if len(text) > most_characters:
        raise FieldInvalid(field, f"at most {most_characters} characters")
    if any(unicodedata.category(c) in _BREAKING or c in _TURNING for c in text):
        raise FieldInvalid(field, "printable UTF-8 without control characters")
    return text


def number(field: str, text: str) -> str:
    """Return a number as it came; a plus that a query turned into a space is put back."""
    if text[:1] == " " and text[1:2].isdigit():
        text = "+" + text[1:]
    return clean(field, text, NUMBER_CHARACTERS)


def seconds(field: str, text: str) -> float:
    """Return a duration in seconds."""
    if not _SECONDS.fullmatch(text.strip(" ")):
        raise FieldInvalid(field, "a number of seconds, such as 61.5")
    return float(text)


def instant(field: str, text: str, zone: str) -> datetime:
    """Return a time in UTC: ISO 8601 with an offset, local time in `zone` without one, or epoch seconds."""
    text = text.strip(" ")
    if _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(float(text), UTC)
    try:
        told = datetime.fromisoformat(_with_plus(text))
    except ValueError:
        raise FieldInvalid(field, "ISO 8601 such as 2026-11-22T09:30:00+00:00, or epoch seconds") from None
    if not _FIRST_YEAR <= told.year < _LAST_YEAR:
        raise FieldInvalid(field, f"a year from {_FIRST_YEAR} to {_LAST_YEAR - 1}")
    return (told if told.tzinfo else told.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def difference(since: str, until: str) -> float | None:
    """Return the seconds between two epoch values, or None where they tell none."""
    if not (_EPOCH.fullmatch(since) and _EPOCH.fullmatch(until)):
        return None
    passed = float(until) - float(since)
    return passed if math.isfinite(passed) and passed > 0 else None


def _with_plus(text: str) -> str:
    """Put back the plus of an offset that a query turned into a space."""
    match = _LOST_PLUS.search(text)
    return f"{text[: match.start(2) - 1]}+{match[2]}" if match else text
