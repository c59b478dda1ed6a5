"""End sessions, of customers and of staff: their slots are destroyed, so nothing brings an identity back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from vault.domain.access import Session
from vault.domain.event import Action, Actor, AuditEvent
from vault.domain.staff_session import StaffSession
from vault.errors import LogCorrupt
from vault.ports.database import UnitOfWork
from vault.ports.repositories import Sessions
from vault.ports.staff_sessions import StaffSessions
from vault.ports.vault import Vault
from vault.sealing.own_slots import of_session, own_slots

_BATCH = 500


async def end_session(vault: Vault, session: Session | StaffSession, *, by: Actor) -> None:
    """End one session; the second time does nothing."""
    async with vault.unit_of_work() as work:
        found = await _kept(work, session).get(session.id)
        if found is None:
            return
        slots = await end_sessions(vault, work, [found], vault.clock.now())
        await work.log.append(AuditEvent(Action.SESSION_ENDED, by, facts=found.owner_facts))
        await work.commit()
    await vault.slots.destroy(slots)


async def end_expired_sessions(vault: Vault) -> int:
    """End the sessions whose time is over, a batch of either kind at a time; return how many.

    Raise `LogCorrupt`, that being done, if the slot of one is not its own: it was not destroyed.
    """
    now = vault.clock.now()
    async with vault.unit_of_work() as work:
        expired: list[Session | StaffSession] = [*await work.sessions.expired(now, _BATCH)]
        expired += await work.staff_sessions.expired(now, _BATCH)
        slots = await end_sessions(vault, work, expired, now)
        if expired:
            await work.commit()
    await vault.slots.destroy(slots)
    if len(slots) < len(expired):
        raise LogCorrupt(
            f"{len(expired) - len(slots)} sessions in the database name a slot that is not theirs: "
            "it was changed by hand. Those slots were not destroyed"
        )
    return len(expired)


async def end_sessions(
    vault: Vault, work: UnitOfWork, sessions: Sequence[Session | StaffSession], now: datetime
) -> list[int]:
    """Remove sessions within a unit of work; return the slots to destroy after its commit.

    A slot under which something else lies than the session is not among them: its row was changed by hand.
    """
    for session in sessions:
        await _kept(work, session).remove(session.id)
    slots = await own_slots(vault, map(of_session, sessions))
    if slots:
        await work.slots.mark_destroyed(slots, now)
    return slots


def _kept(work: UnitOfWork, session: Session | StaffSession) -> Sessions | StaffSessions:
    """Return where sessions of that kind are kept."""
    return work.staff_sessions if isinstance(session, StaffSession) else work.sessions
