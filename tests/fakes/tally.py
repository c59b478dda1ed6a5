"""Counts of guesses that were turned away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """`StoppedGuesses` in a counter."""

    counts: Counter[str] = field(default_factory=Counter)

    def count(self, bucket: str, times: int = 1) -> None:
        """Note one more, or so many."""
        self.counts[bucket] += times

    def take(self) -> Mapping[str, int]:
        """Return the counts since the last call."""
        counts, self.counts = self.counts, Counter()
        return counts
