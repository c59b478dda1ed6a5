"""Release a legal hold. With its last hold, a recording ends that its customer had collected meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from keys.errors import SlotsUnavailable
from vault.domain.event import Action, Actor, AuditEvent
from vault.domain.hold import LegalHold
from vault.domain.names import RecordingId, parse_id_prefix
from vault.domain.recording import Cause, Recording, RecordingState
from vault.errors import Invalid, Kept, NotFound
from vault.ports.database import Repositories, UnitOfWork
from vault.ports.vault import Vault
from vault.usecases.shred import finish_shred
from vault.usecases.unlock_staff import Person


@dataclass(frozen=True, slots=True)
class ReleasedHold:
    """A released hold, and whether its recording ended with it; `certificate` is None until that is done."""

    hold: LegalHold
    ends: bool
    certificate: str | None = None


async def release_hold(vault: Vault, person: Person, which: str) -> Sequence[ReleasedHold]:
    """Return what was released: every hold of the case `which`, or the one whose id begins so.

    A DPO's alone, for it may destroy. Raise `AccessDenied`, `NotFound`, `Ambiguous`, or `Closed` for a hold
    that was released already.
    """
    person.must_be_dpo()
    now, by = vault.clock.now(), person.actor
    async with vault.unit_of_work() as work:
        released = [await _release(work, hold, now, by) for hold in await _named(work, which)]
        await work.commit()
    return [await _finish(vault, each, by) for each in released]


async def _named(rows: Repositories, which: str) -> Sequence[LegalHold]:
    of_case = [hold for hold in await rows.holds.all(in_force=True) if hold.case == which.strip()]
    if of_case:
        return of_case
    try:
        return [await rows.holds.find(parse_id_prefix(which))]
    except Invalid:
        raise NotFound("no hold in force has that id or case") from None


async def _release(work: UnitOfWork, hold: LegalHold, now: datetime, by: Actor) -> ReleasedHold:
    released = hold.release(now)
    await work.holds.save(released)
    recording = await work.recordings.get(hold.recording)
    if recording is None:
        raise NotFound("no such recording")
    ended = await _ended(work, recording, now)
    facts = {"hold": hold.id, **recording.owner_facts}
    if ended is not None:
        await work.recordings.save(ended)
        facts["collected"] = True
    await work.log.append(
        AuditEvent(Action.HOLD_RELEASED, by, recording=recording.id, facts=facts, detail={"case": hold.case})
    )
    return ReleasedHold(released, ends=ended is not None)


async def _ended(rows: Repositories, recording: Recording, now: datetime) -> Recording | None:
    """Return the recording as collected, if its customer holds it and nothing keeps it any more."""
    if recording.state is not RecordingState.RETAINED or recording.customer is None:
        return None
    customer = await rows.customers.by_id(recording.customer)
    if customer is None:
        return None
    try:
        return recording.collect(now, Cause.COLLECTION, delete_on_collection=customer.delete_on_collection)
    except Kept:
        return None


async def _finish(vault: Vault, released: ReleasedHold, by: Actor) -> ReleasedHold:
    """Destroy what ended; what can't be destroyed yet waits, and the service goes on with it."""
    certificate = None
    if released.ends:
        with suppress(SlotsUnavailable):
            certificate = await finish_shred(vault, RecordingId(released.hold.recording), by=by)
    return ReleasedHold(released.hold, released.ends, certificate)
