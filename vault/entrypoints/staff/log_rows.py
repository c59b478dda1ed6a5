"""What is shown of an entry of the access log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from vault.audit.entry import Entry
from vault.domain.event import Action
from vault.entrypoints.staff.row import Row, Value
from vault.usecases.recorded_events import LoggedEvent

EVENT_COLUMNS = ("index", "time", "action", "outcome", "name", "channel", "recording", "reason")
"""What a table has room for; `audit show`, JSON and CSV have everything."""

_ABOUT_SOMEBODY = frozenset(
    {
        Action.STAFF_ADDED,
        Action.STAFF_REMOVED,
        Action.STAFF_RECOVERED,
        Action.CUSTOMER_ADDED,
        Action.CUSTOMER_CHANGED,
        Action.CUSTOMER_CLOSED,
        Action.SOURCE_ADDED,
        Action.SOURCE_REVOKED,
        Action.PASSWORD_ISSUED,
    }
)


def event_row(event: LoggedEvent) -> Row:
    """Return an entry with its detail row; `name`, `reason` and `detail` are empty where that was erased.

    `about` is who came, changed or left by it: by name where the detail row has one.
    """
    detail = dict(event.detail or {})
    told: dict[str, Value] = {"name": detail.pop("name", None), "reason": detail.pop("reason", None)}
    erased = event.detail is None and event.entry.detail is not None
    return {**entry_row(event.entry), **told, "about": _about(event), "detail": detail, "erased": erased}


def list_columns(rows: Sequence[Row]) -> Sequence[str]:
    """Return the columns of a table of entries; most are about nobody, and it has no such column then."""
    return (*EVENT_COLUMNS, "about") if any(row.get("about") for row in rows) else EVENT_COLUMNS


def _about(event: LoggedEvent) -> str | None:
    if event.entry.action not in _ABOUT_SOMEBODY:
        return None
    detail, facts = event.detail or {}, event.entry.facts
    kinds = ("staff", "source", "customer")  # a source's entry names its customer, too
    named = [str(detail[kind]) for kind in kinds if kind in detail]
    known = [f"{kind}:{facts[kind]}" for kind in kinds if kind in facts]
    return next(iter(named + known), None)


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
