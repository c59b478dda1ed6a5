"""A legal hold: while it stands, nothing ends the recordings it names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from vault.domain.names import RecordingId


@dataclass(frozen=True, slots=True)
class LegalHold:
    """A hold on one recording, with the case it serves and the day it is to be looked at again."""

    id: str
    recording: RecordingId
    case: str
    placed_at: datetime
    review_on: date | None = None
    released_at: datetime | None = None
