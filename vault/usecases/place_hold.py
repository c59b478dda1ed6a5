"""Place a legal hold: from its entry on, nothing ends the recordings it names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from vault.domain.event import Action, Actor, AuditEvent
from vault.domain.hold import LegalHold, parse_case
from vault.domain.names import RecordingId, new_id
from vault.domain.recording import Recording
from vault.domain.staff import Role
from vault.errors import AccessDenied, Conflict, Invalid, NotFound
from vault.ports.database import UnitOfWork
from vault.ports.vault import Vault
from vault.sealing.terms import terms_fact
from vault.usecases.unlock_staff import Person


async def place_hold(
    vault: Vault, person: Person, prefixes: Iterable[str], *, case: str, review_on: date | None = None
) -> Sequence[LegalHold]:
    """Return a hold for each recording, all of them or none. A DPO's or tech manager's.

    Raise `AccessDenied` for a manager, `Invalid` without a case or recording, `NotFound`, `Ambiguous`,
    `Collected` for one that is being destroyed, and `Conflict` for one that this case holds already.
    """
    if person.member.role is Role.MANAGER:
        raise AccessDenied("only a DPO or a tech manager may do this")
    reference, now = parse_case(case), vault.clock.now()
    async with vault.unit_of_work() as work:
        recordings = dict.fromkeys([await work.recordings.find(prefix) for prefix in prefixes])
        if not recordings:
            raise Invalid("a hold names a recording at least")
        terms = (reference, review_on, now)
        placed = [await _place(vault, work, each, terms, person.actor) for each in recordings]
        await work.commit()
    return placed


async def _place(
    vault: Vault,
    work: UnitOfWork,
    recording: RecordingId,
    terms: tuple[str, date | None, datetime],
    by: Actor,
) -> LegalHold:
    case, review_on, now = terms
    found = await work.recordings.get(recording)
    if found is None:
        raise NotFound("no such recording")
    found.must_open()
    if any(each.in_force and each.case == case for each in await work.holds.of(recording)):
        raise Conflict(f"the recording {recording} is held for that case already")
    hold = LegalHold(new_id(), recording, case, now, review_on)
    await work.holds.add(hold)
    await work.log.append(_event(vault, hold, found, by))
    return hold


def _event(vault: Vault, hold: LegalHold, recording: Recording, by: Actor) -> AuditEvent:
    facts = {"hold": hold.id, **recording.owner_facts, **terms_fact(vault.keys, hold)}
    if hold.review_on is not None:
        facts["review_on"] = hold.review_on.isoformat()
    return AuditEvent(Action.HOLD_PLACED, by, recording=recording.id, facts=facts, detail={"case": hold.case})
