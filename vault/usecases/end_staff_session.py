"""End sessions of staff: their slots are destroyed, so nothing brings an identity back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from vault.domain.event import Action, Actor, AuditEvent
from vault.domain.names import StaffId
from vault.domain.staff_session import StaffSession
from vault.ports.database import UnitOfWork
from vault.ports.vault import Vault
from vault.sealing.own_slots import of_session, own_slots
from vault.usecases.end_session import must_be_all

_BATCH = 500


async def end_staff_session(vault: Vault, session: StaffSession, *, by: Actor) -> None:
    """End one session; the second time does nothing."""
    async with vault.unit_of_work() as work:
        found = await work.staff_sessions.get(session.id)
        slots = await _end(vault, work, [found] if found else [], vault.clock.now())
        if found is not None:
            await work.log.append(AuditEvent(Action.SESSION_ENDED, by, facts={"staff": session.staff}))
        await work.commit()
    await vault.slots.destroy(slots)


async def end_expired_staff_sessions(vault: Vault) -> int:
    """End the sessions whose time is over, a batch at a time; return how many.

    Raise `LogCorrupt`, that being done, if the slot of one is not its own: it was not destroyed.
    """
    now = vault.clock.now()
    async with vault.unit_of_work() as work:
        expired = await work.staff_sessions.expired(now, _BATCH)
        slots = await _end(vault, work, expired, now)
        if expired:
            await work.commit()
    await vault.slots.destroy(slots)
    must_be_all(expired, slots)
    return len(expired)


async def end_staff_sessions(work: UnitOfWork, vault: Vault, *staff: StaffId) -> list[int]:
    """End every session of these people within a unit of work.

    Return the slots to destroy after its commit.
    """
    found = [session for member in staff for session in await work.staff_sessions.of(member)]
    return await _end(vault, work, found, vault.clock.now())


async def _end(vault: Vault, work: UnitOfWork, sessions: Sequence[StaffSession], now: datetime) -> list[int]:
    for session in sessions:
        await work.staff_sessions.remove(session.id)
    slots = await own_slots(vault, [of_session(session) for session in sessions])
    if slots:
        await work.slots.mark_destroyed(slots, now)
    return slots
