"""A legal hold: while it stands, nothing ends the recordings it names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from vault.domain.names import RecordingId
from vault.errors import Closed, Invalid

CASE_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class LegalHold:
    """A hold on one recording, with the case it serves and the day it is to be looked at again."""

    id: str
    recording: RecordingId
    case: str
    placed_at: datetime
    review_on: date | None = None
    released_at: datetime | None = None

    @property
    def terms(self) -> tuple[str, ...]:
        """What never changes of it, for the log to hold by a keyed digest: of what, for which case."""
        placed = self.placed_at.astimezone(UTC).isoformat()
        review = self.review_on.isoformat() if self.review_on else ""
        return (self.id, self.recording, self.case, placed, review)

    @property
    def in_force(self) -> bool:
        """Whether it keeps its recording still."""
        return self.released_at is None

    def release(self, now: datetime) -> LegalHold:
        """Return it released; raise `Closed` the second time."""
        if self.released_at is not None:
            raise Closed(f"the hold {self.id} was released already")
        return replace(self, released_at=now)


def parse_case(text: str) -> str:
    """Return the reference of a case, trimmed; raise `Invalid` for none, or one over 100 characters."""
    case = text.strip()
    if not 1 <= len(case) <= CASE_CHARACTERS or not case.isprintable():
        raise Invalid(
            f"a hold needs the reference of its case, a line of {CASE_CHARACTERS} characters at most"
        )
    return case
