"""Guesses that were turned away, until housekeeping sums them up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping


class GuessTally:
    """Counts guesses that were turned away, in memory that is bounded by the number of buckets."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def count(self, bucket: str, times: int = 1) -> None:
        """Note one more, or so many."""
        self._counts[bucket] += times

    def take(self) -> Mapping[str, int]:
        """Return the counts since the last call."""
        counts, self._counts = self._counts, Counter()
        return counts
