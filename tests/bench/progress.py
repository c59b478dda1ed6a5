"""How far a long preparation is, told on standard error every few seconds."""

from __future__ import annotations

import sys
import time

_EVERY_SECONDS = 10.0


class Progress:
    """Counts what was made of `total`; says nothing of what takes less than ten seconds."""

    def __init__(self, what: str, total: int) -> None:
        self._what = what
        self._total = total
        self._made = 0
        self._begun = time.monotonic()
        self._told = self._begun

    def add(self, count: int) -> None:
        """Count so many more."""
        self._made += count
        now = time.monotonic()
        if now - self._told < _EVERY_SECONDS:
            return
        self._told = now
        left = (now - self._begun) * (self._total - self._made) / self._made
        words = f"{self._what}: {self._made:,} of {self._total:,}, about {left / 60:.0f} min left\n"
        sys.stderr.write(words)
        sys.stderr.flush()
