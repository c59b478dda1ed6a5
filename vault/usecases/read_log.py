"""Show the access log to somebody: list, show, prove, follow. Each is an entry of it, before it is shown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from vault.audit.tlog_proof import TlogProof
from vault.domain.event import Action, Actor
from vault.errors import NotFound
from vault.ports.log import EventFilter
from vault.ports.vault import Vault
from vault.usecases.prove_entry import prove_entry
from vault.usecases.record_reading import record_reading
from vault.usecases.recorded_events import LoggedEvent, decoded, events_between, events_of

POLL_SECONDS = 1.0
_BATCH = 100


async def list_events(
    vault: Vault, which: EventFilter, *, by: Actor, before: int | None = None, limit: int = 100
) -> Sequence[LoggedEvent]:
    """Return entries, newest first; the next page is `before` the last one's index."""
    async with vault.reading() as rows:
        events = await events_of(rows, which, before=before, limit=limit)
    await record_reading(
        vault,
        Action.LOG_READ,
        by,
        count=len(events),
        customer=which.customer,
        recording=which.recording,
        how="list",
    )
    return events


async def show_event(vault: Vault, index: int, *, by: Actor) -> LoggedEvent:
    """Return one entry; raise `NotFound`."""
    async with vault.reading() as rows:
        stored = await rows.events.entry(index)
    if stored is None:
        raise NotFound(f"the log has no entry {index}")
    await record_reading(vault, Action.LOG_READ, by, count=1, how="show", entry=index)
    return decoded(stored)


async def show_proof(vault: Vault, index: int, *, by: Actor) -> TlogProof:
    """Return the proof of an entry, which tells the entry too; raise as `prove_entry`."""
    proof = await prove_entry(vault, index)
    await record_reading(vault, Action.LOG_READ, by, count=1, how="prove", entry=index)
    return proof


async def follow_events(
    vault: Vault,
    *,
    by: Actor,
    lines: int = 10,
    follow: bool = True,
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[LoggedEvent]:
    """Yield the newest `lines` entries, and with `follow` every one that comes, without end.

    One entry says from where on somebody follows; it is the first that they see come.
    """
    async with vault.reading() as rows:
        stop = await rows.events.size()
    index = max(0, stop - lines)
    count = stop - index
    await record_reading(vault, Action.LOG_READ, by, count=count, how="tail", entry=index, follow=follow)
    while True:
        batch = await _batch(vault, index, None if follow else stop)
        for event in batch:
            yield event
            index = event.entry.index + 1  # an entry that is missing is passed over
        if not batch and not follow:
            return
        if not batch:
            await wait(POLL_SECONDS)


async def _batch(vault: Vault, index: int, stop: int | None) -> list[LoggedEvent]:
    async with vault.reading() as rows:
        end = await rows.events.size() if stop is None else stop
        return [event async for event in events_between(rows, index, min(end, index + _BATCH))]
