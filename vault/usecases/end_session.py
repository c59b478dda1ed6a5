"""End a customer's session: its slot is destroyed, so nothing brings its identity back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from vault.domain.access import Session
from vault.domain.event import Action, Actor, AuditEvent
from vault.ports.database import UnitOfWork
from vault.ports.vault import Vault

_BATCH = 500


async def end_session(vault: Vault, session: Session, *, by: Actor) -> None:
    """End one session."""
    async with vault.unit_of_work() as work:
        slots = await end_sessions(work, [session], vault.clock.now())
        await work.log.append(AuditEvent(Action.SESSION_ENDED, by, facts={"customer": session.customer}))
        await work.commit()
    await vault.slots.destroy(slots)


async def end_expired_sessions(vault: Vault) -> int:
    """End the sessions whose time is over, a batch at a time; return how many."""
    now = vault.clock.now()
    async with vault.unit_of_work() as work:
        expired = await work.sessions.expired(now, _BATCH)
        slots = await end_sessions(work, expired, now)
        if expired:
            await work.commit()
    await vault.slots.destroy(slots)
    return len(expired)


async def end_sessions(work: UnitOfWork, sessions: Sequence[Session], now: datetime) -> list[int]:
    """Remove sessions within a unit of work; return the slots to destroy after its commit."""
    for session in sessions:
        await work.sessions.remove(session.id)
    slots = [session.slot for session in sessions]
    if slots:
        await work.slots.mark_destroyed(slots, now)
    return slots
