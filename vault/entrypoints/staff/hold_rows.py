"""What is shown of a legal hold."""

from __future__ import annotations

from vault.domain.hold import LegalHold
from vault.entrypoints.staff.row import Value

IN_FORCE = "in force"
HOLD_COLUMNS = ("id", "recording", "case", "state", "review_on", "placed_at")


def hold_row(hold: LegalHold) -> dict[str, Value]:
    """Return a hold; `review_on` is a date."""
    return {
        "id": hold.id,
        "recording": hold.recording,
        "case": hold.case,
        "state": IN_FORCE if hold.in_force else "released",
        "review_on": hold.review_on.isoformat() if hold.review_on else None,
        "placed_at": hold.placed_at,
        "released_at": hold.released_at,
    }
