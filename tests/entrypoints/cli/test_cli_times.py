"""Promises about times and durations on the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from vault.entrypoints.cli.times import age_text, parse_duration, parse_end, parse_start

_NOW = datetime(2026, 3, 1, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30m", timedelta(minutes=30)),
        ("12h", timedelta(hours=12)),
        ("7d", timedelta(days=7)),
        ("2W", timedelta(weeks=2)),
    ],
)
def test_durations(text: str, expected: timedelta) -> None:
    """A duration is a number and a unit."""
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "7", "d", "-7d", "7 d", "1.5h", "7dd", "\u0667d", "9999999d"])
def test_no_duration(text: str) -> None:
    """Anything else is refused, not guessed at."""
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


def test_words_for_days() -> None:
    """`--since yesterday --until yesterday` is that day from end to end."""
    since, until = parse_start("yesterday", _NOW), parse_end("Yesterday", _NOW)

    assert since.replace(tzinfo=None) == datetime(2026, 2, 28)  # noqa: DTZ001 - its local reading
    assert until.replace(tzinfo=None) == datetime(2026, 3, 1)  # noqa: DTZ001 - its local reading


def test_zones() -> None:
    """A zone that is given counts; without one the time is local, and aware."""
    assert parse_start("2026-11-22t14:30z") == datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
    assert parse_start("2026-11-22T14:30+02:00") == datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
    assert parse_end("2026-11-22T14:30").tzinfo is not None


@pytest.mark.parametrize("text", ["", "now", "22/11/2026", "2026-13-01", "2026-11-22T25:00", "\x1b[2J"])
def test_no_time(text: str) -> None:
    """Anything else is refused, and not repeated."""
    with pytest.raises(ValueError, match="a time is written"):
        parse_start(text)


def test_the_last_day_of_all() -> None:
    """A day that has no next one is refused, not a crash."""
    with pytest.raises(ValueError, match="a time is written"):
        parse_end("9999-12-31")


@pytest.mark.parametrize(
    ("ago", "told"),
    [
        (timedelta(seconds=59), "0m"),
        (timedelta(minutes=59, seconds=59), "59m"),
        (timedelta(hours=1), "1h"),
        (timedelta(hours=47), "47h"),
        (timedelta(days=2), "2d"),
        (timedelta(days=-3), "0m"),
    ],
)
def test_how_long_ago(ago: timedelta, told: str) -> None:
    """In whole units that fit a column; a machine whose clock is behind shows no negative age."""
    assert age_text(_NOW - ago, _NOW) == told
