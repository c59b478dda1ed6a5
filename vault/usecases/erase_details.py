"""Erase what detail rows say of people: names, reasons, addresses. The entries stay; the log stays whole.

A row may go once the report of its month can have been made, unless a legal hold keeps what it is about.
Nobody erases the traces of what they did themselves, and why something was erased is never erased.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from vault.audit.entry import Entry
from vault.domain.event import Action, AuditEvent, parse_reason
from vault.domain.names import RecordingId
from vault.errors import Conflict, DatabaseForbids, HoldInForce, Invalid, NotFound
from vault.ports.database import UnitOfWork
from vault.ports.vault import Vault
from vault.usecases.unlock_staff import Person

KEPT_AT_LEAST = timedelta(days=35)
"""So that the report of a month of 31 days can be made in the first days of the next."""
_AT_ONCE = 1000


async def erase_details(
    vault: Vault, person: Person, indexes: Iterable[int], *, reason: str
) -> Sequence[int]:
    """Return the indexes whose detail rows are erased now: all that were asked for, or none. A DPO's alone.

    Raise `AccessDenied`, `Invalid` without a reason or index, `NotFound` for an entry that is not there,
    `Conflict` for one that may not be erased, or where the database lets another role alone erase,
    `HoldInForce` where a hold keeps its recording.
    """
    person.must_be_dpo()
    why, wanted = parse_reason(reason), sorted(set(indexes))
    if not 1 <= len(wanted) <= _AT_ONCE:
        raise Invalid(f"name 1 to {_AT_ONCE} entries whose details are to go")
    async with vault.unit_of_work() as work:
        for index in wanted:
            await _must_be_erasable(work, index, person, vault.clock.now())
        for first, last in _runs(wanted):
            facts: dict[str, str | int | bool] = {"first": first, "last": last, "role": person.member.role}
            await _erase(work, first, last)
            await work.log.append(AuditEvent(Action.DETAILS_ERASED, person.actor, facts=facts, reason=why))
        await work.commit()
    await vault.database.tidy()  # or the write-ahead log would keep what was dropped
    return wanted


async def _erase(work: UnitOfWork, first: int, last: int) -> None:
    try:
        await work.log.erase_details(first, last)
    except DatabaseForbids:
        raise Conflict(
            "the database lets the owner of its tables alone erase details: do this at the vault's machine, "
            "with that role in CALLVAULT_DATABASE__URL"
        ) from None


async def _must_be_erasable(work: UnitOfWork, index: int, person: Person, now: datetime) -> None:
    stored = await work.events.entry(index)
    if stored is None:
        raise NotFound(f"the log has no entry {index}")
    entry = Entry.decode(stored.record)
    if stored.detail is None:
        raise Conflict(f"entry {index} has no details any more")
    if entry.action == Action.DETAILS_ERASED:
        raise Conflict(f"entry {index} says why details were erased; that stays")
    if entry.actor == person.actor.id:
        raise Conflict(f"entry {index} is of what {person.member.name} did: another DPO may erase it")
    if now < entry.time + KEPT_AT_LEAST:
        raise Conflict(f"entry {index} is younger than {KEPT_AT_LEAST.days} days: its month is not reported")
    holds = await work.holds.of(RecordingId(entry.recording)) if entry.recording else ()
    if any(hold.in_force for hold in holds):
        raise HoldInForce(f"a legal hold keeps the recording of entry {index}, and what the log says of it")


def _runs(indexes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and last of every run without a gap."""
    for _, group in groupby(enumerate(indexes), key=lambda each: each[1] - each[0]):
        run = [index for _, index in group]
        yield run[0], run[-1]
