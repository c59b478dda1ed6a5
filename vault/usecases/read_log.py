"""Read the access log: list, show, follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vault.audit.entry import Entry
from vault.errors import NotFound
from vault.ports.log import EventFilter, StoredEntry
from vault.ports.vault import Vault


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An entry with its detail row; `detail` is None where that was erased."""

    entry: Entry
    detail: Mapping[str, str | int | bool] | None


async def list_events(
    vault: Vault, which: EventFilter, *, before: int | None = None, limit: int = 100
) -> Sequence[LoggedEvent]:
    """Return entries, newest first; the next page is `before` the last one's index."""
    async with vault.reading() as rows:
        return [_decoded(stored) for stored in await rows.events.list(which, before=before, limit=limit)]


async def show_event(vault: Vault, index: int) -> LoggedEvent:
    """Return one entry; raise `NotFound`."""
    async with vault.reading() as rows:
        stored = await rows.events.entry(index)
    if stored is None:
        raise NotFound(f"the log has no entry {index}")
    return _decoded(stored)


async def events_since(vault: Vault, index: int, limit: int = 100) -> Sequence[LoggedEvent]:
    """Return the entries from `index` on, oldest first: what `tail` prints next."""
    async with vault.reading() as rows:
        stop = min(await rows.events.size(), index + limit)
        return [_decoded(stored) async for stored in rows.events.scan(index, stop)]


def _decoded(stored: StoredEntry) -> LoggedEvent:
    return LoggedEvent(Entry.decode(stored.record), stored.detail)
