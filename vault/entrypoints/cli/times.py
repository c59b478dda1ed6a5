"""Times and durations as people write them on a command line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from vault.entrypoints.staff.row import Row

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DURATION = re.compile(r"([0-9]{1,6})([smhdw])")
_DATE_CHARACTERS = len("2026-11-22")


def parse_duration(text: str) -> timedelta:
    """Read `30m`, `12h`, `7d` or `2w`; raise `ValueError`."""
    match = _DURATION.fullmatch(text.strip().lower())
    if not match:
        raise ValueError("a duration is a number and a unit: 30m, 12h, 7d, 2w")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def age_text(since: datetime, now: datetime | None = None) -> str:
    """Write how long ago a time was, in whole units: `40m`, `30h`, `2d`; a clock that is behind says `0m`."""
    age = max(timedelta(), (now or datetime.now().astimezone()) - since)
    if age < timedelta(hours=1):
        return f"{age // timedelta(minutes=1)}m"
    return f"{age // timedelta(hours=1)}h" if age < timedelta(days=2) else f"{age.days}d"


def with_age(rows: Sequence[Row], since: str) -> Sequence[Row]:
    """Return rows for people, with how long ago the time in the field `since` was as their `age`."""
    moments = (row.get(since) for row in rows)
    ages = (age_text(moment) if isinstance(moment, datetime) else None for moment in moments)
    return [{**row, "age": age} for row, age in zip(rows, ages, strict=True)]


def parse_start(text: str, now: datetime | None = None) -> datetime:
    """Read a time; a day means its beginning. Without a zone it is local time; raise `ValueError`."""
    return _parse(text, now, days_later=0)


def parse_end(text: str, now: datetime | None = None) -> datetime:
    """Read a time; a day means its end, so that `--since today --until today` is today."""
    return _parse(text, now, days_later=1)


def moment_in(text: str) -> datetime | str:
    """Return the time that a vault's answer writes with its zone; the text itself where it is none.

    Nor is it one that no clock shows elsewhere, such as the last hour of the year 9999 in another zone.
    """
    try:
        moment = datetime.fromisoformat(text)
        moment.astimezone(UTC), moment.astimezone()
    except (ValueError, OverflowError):
        return text
    return moment if moment.tzinfo else text


def _parse(text: str, now: datetime | None, days_later: int) -> datetime:
    """Read ISO 8601, `today` or `yesterday`."""
    today = (now or datetime.now().astimezone()).replace(tzinfo=None).date()
    word = text.strip().lower()
    if word in {"today", "yesterday"}:
        word = str(today - timedelta(days=word == "yesterday"))
    try:
        moment = datetime.fromisoformat(word.upper())
        if len(word) <= _DATE_CHARACTERS:
            moment = datetime.combine(moment.date() + timedelta(days=days_later), time())
        return moment if moment.tzinfo else moment.astimezone()
    except (ValueError, OverflowError):
        raise ValueError(
            "a time is written as 2026-11-22, 2026-11-22T14:30 or 2026-11-22T14:30Z, or is today or yesterday"
        ) from None
