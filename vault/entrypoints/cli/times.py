"""Times and durations as people write them on a command line."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DURATION = re.compile(r"([0-9]{1,6})([smhdw])")
_DATE_CHARACTERS = len("2026-11-22")


def parse_duration(text: str) -> timedelta:
    """Read `30m`, `12h`, `7d` or `2w`; raise `ValueError`."""
    match = _DURATION.fullmatch(text.strip().lower())
    if not match:
        raise ValueError("a duration is a number and a unit: 30m, 12h, 7d, 2w")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def parse_start(text: str, now: datetime | None = None) -> datetime:
    """Read a time; a day means its beginning. Without a zone it is local time; raise `ValueError`."""
    return _parse(text, now, days_later=0)


def parse_end(text: str, now: datetime | None = None) -> datetime:
    """Read a time; a day means its end, so that `--since today --until today` is today."""
    return _parse(text, now, days_later=1)


def moment_in(text: str) -> datetime | str:
    """Return the time that a vault's answer writes with its zone; the text itself where it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
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
