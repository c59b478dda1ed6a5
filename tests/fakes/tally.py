"""Counts of guesses that were turned away. This one remembers nothing: every try asks the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from vault.domain.guesses import Bucket


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

    def remember(self, presented: str, full: Bucket, now: datetime) -> None:
        """Keep nothing."""

    def remembered(self, _presented: str, _now: datetime, /) -> Bucket | None:
        """Return nothing."""
        return None
