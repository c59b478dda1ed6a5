"""What is shown of an entry of the access log."""

from __future__ import annotations

from typing import cast

from vault.audit.entry import Entry
from vault.entrypoints.staff.row import Row, Value
from vault.usecases.recorded_events import LoggedEvent

EVENT_COLUMNS = ("index", "time", "action", "outcome", "name", "channel", "recording", "reason")
"""What a table has room for; `audit show`, JSON and CSV have everything."""


def event_row(event: LoggedEvent) -> Row:
    """Return an entry with its detail row; `name`, `reason` and `detail` are empty where that was erased."""
    detail = dict(event.detail or {})
    told: dict[str, Value] = {"name": detail.pop("name", None), "reason": detail.pop("reason", None)}
    erased = event.detail is None and event.entry.detail is not None
    return {**entry_row(event.entry), **told, "detail": detail, "erased": erased}


def entry_row(entry: Entry) -> dict[str, Value]:
    """Return an entry alone, as a proof carries it."""
    return {
        "index": entry.index,
        "time": entry.time,
        "action": entry.action,
        "outcome": entry.outcome,
        "actor": entry.actor,
        "channel": entry.channel,
        "recording": entry.recording,
        "facts": cast("dict[str, Value]", dict(entry.facts)),
    }
