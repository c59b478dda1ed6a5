"""A clock that a test sets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""When fakes begin."""


@dataclass(slots=True)
class SettableClock:
    """Stands still until it is told otherwise; may be put back, as real ones are."""

    moment: datetime = NOON

    def now(self) -> datetime:
        """Return the moment that was set."""
        return self.moment

    def advance(self, by: timedelta) -> datetime:
        """Let time pass; return what it is then."""
        self.moment += by
        return self.moment
