"""What a DPO reads of the access log."""

from __future__ import annotations

from collections.abc import AsyncIterator

from msgspec import Struct

from vault.domain.event import Action, Outcome
from vault.domain.names import parse_id_prefix, parse_name
from vault.entrypoints.staff.log_rows import event_row
from vault.entrypoints.staff.operation import (
    DPO_ALONE,
    Acting,
    IdText,
    Index,
    Limit,
    Moment,
    NameText,
    Operation,
    Rows,
    StreamOperation,
)
from vault.entrypoints.staff.row import Row
from vault.ports.log import EventFilter
from vault.ports.vault import Vault
from vault.usecases.look_up import look_up
from vault.usecases.read_log import follow_events, list_events, show_event


class ListEvents(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which entries: those that fit every field that is given, below `before`, so many at most."""

    actor: NameText | None = None
    recording: IdText | None = None
    customer: NameText | None = None
    action: Action | None = None
    outcome: Outcome | None = None
    since: Moment | None = None
    until: Moment | None = None
    before: Index | None = None
    limit: Limit = 100


class OneEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """An entry, by its place in the log."""

    index: Index


class TailLog(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How many of the newest entries, and whether new ones follow without an end."""

    lines: Limit = 10
    follow: bool = True


async def _list(vault: Vault, acting: Acting, asked: ListEvents) -> Rows:
    """List entries of the access log, newest first."""
    named = await look_up(
        vault,
        actor=asked.actor,
        recording=parse_id_prefix(asked.recording) if asked.recording else None,
        customer=parse_name(asked.customer) if asked.customer else None,
    )
    which = EventFilter(
        actor=named.actor,
        recording=named.recording,
        customer=named.customer,
        action=asked.action,
        outcome=asked.outcome,
        since=asked.since,
        until=asked.until,
    )
    events = await list_events(vault, which, by=acting.actor, before=asked.before, limit=asked.limit)
    return [event_row(event) for event in events]


async def _show(vault: Vault, acting: Acting, asked: OneEntry) -> Row:
    """Show one entry of the access log."""
    return event_row(await show_event(vault, asked.index, by=acting.actor))


async def _tail(vault: Vault, acting: Acting, asked: TailLog) -> AsyncIterator[Row]:
    """Show the newest entries and, if asked, every new one as it comes."""
    async for event in follow_events(vault, by=acting.actor, lines=asked.lines, follow=asked.follow):
        yield event_row(event)


LIST = Operation("audit list", ListEvents, _list, DPO_ALONE, many=True, paged_by="index")
SHOW = Operation("audit show", OneEntry, _show, DPO_ALONE, many=False)
TAIL = StreamOperation("audit tail", TailLog, _tail, DPO_ALONE)
OPERATIONS = (LIST, SHOW)
