"""Guesses that were turned away: counted until housekeeping sums them up, remembered for a moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from vault.domain.guesses import Bucket

_MOMENT = timedelta(seconds=10)
"""How long a full bucket is believed to be: a try that turned out right may have been given back since."""
_MOST_REMEMBERED = 4096


class GuessTally:
    """Counts in memory that is bounded by the number of buckets; see `vault.ports.vault.StoppedGuesses`."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._full: dict[str, tuple[datetime, Bucket]] = {}

    def count(self, bucket: str, times: int = 1) -> None:
        """Note one more, or so many."""
        self._counts[bucket] += times

    def take(self) -> Mapping[str, int]:
        """Return the counts since the last call."""
        counts, self._counts = self._counts, Counter()
        return counts

    def remember(self, presented: str, full: Bucket, now: datetime) -> None:
        """Keep for a moment in which full bucket a try fell that was presented so."""
        if len(self._full) >= _MOST_REMEMBERED:
            self._full.clear()
        self._full[presented] = (now, full)

    def remembered(self, presented: str, now: datetime) -> Bucket | None:
        """Return the full bucket of a moment ago."""
        since, full = self._full.get(presented, (now, None))
        return full if timedelta(0) <= now - since < _MOMENT else None
