"""Call details (CDR): what is known of the call besides its sound.

Fields after what UK operators keep: calling, dialled and diverting numbers, start, duration, carrier.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Direction(StrEnum):
    """Which way the call went, seen from the customer."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class CallDetails:
    """Call details as the source sent them; numbers are kept as they came.

    `started_at` is aware UTC, `duration_seconds` counts the recording.
    """

    file_name: str | None = None
    call_id: str | None = None
    calling: tuple[str, ...] = ()
    called: str | None = None
    diverted_by: tuple[str, ...] = ()
    started_at: datetime | None = None
    duration_seconds: float | None = None
    direction: Direction | None = None
    carrier: str | None = None
    agent: str | None = None
    content_type: str | None = None
    header_incomplete: bool = False

    def numbers(self) -> tuple[str, ...]:
        """Return every number of the call, for the search index."""
        called = (self.called,) if self.called else ()
        return (*self.calling, *called, *self.diverted_by)
