"""Entries of the log as use cases need them themselves; `read_log` shows them to somebody, and logs it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from vault.audit.entry import Entry
from vault.ports.database import Repositories
from vault.ports.log import EventFilter, StoredEntry


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An entry with its detail row; `detail` is None where that was erased."""

    entry: Entry
    detail: Mapping[str, str | int | bool] | None


async def events_of(
    rows: Repositories, which: EventFilter, *, before: int | None = None, limit: int = 100
) -> Sequence[LoggedEvent]:
    """Return entries, newest first; the next page is `before` the last one's index."""
    return [decoded(stored) for stored in await rows.events.list(which, before=before, limit=limit)]


async def events_between(rows: Repositories, start: int, stop: int) -> AsyncIterator[LoggedEvent]:
    """Yield the entries of [start, stop), oldest first."""
    async for stored in rows.events.scan(start, stop):
        yield decoded(stored)


def decoded(stored: StoredEntry) -> LoggedEvent:
    """Return an entry as it is read; raise `LogCorrupt` for bytes that are none."""
    return LoggedEvent(Entry.decode(stored.record), stored.detail)
