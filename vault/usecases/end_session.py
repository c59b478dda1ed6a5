"""End a customer's session: its slot is destroyed, so nothing brings its identity back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from vault.domain.access import Session
from vault.domain.event import Action, Actor, AuditEvent
from vault.domain.staff_session import StaffSession
from vault.errors import LogCorrupt
from vault.ports.database import UnitOfWork
from vault.ports.vault import Vault
from vault.sealing.own_slots import of_session, own_slots

_BATCH = 500


async def end_session(vault: Vault, session: Session, *, by: Actor) -> None:
    """End one session."""
    async with vault.unit_of_work() as work:
        slots = await end_sessions(vault, work, [session], vault.clock.now())
        await work.log.append(AuditEvent(Action.SESSION_ENDED, by, facts={"customer": session.customer}))
        await work.commit()
    await vault.slots.destroy(slots)


async def end_expired_sessions(vault: Vault) -> int:
    """End the sessions whose time is over, a batch at a time; return how many.

    Raise `LogCorrupt`, that being done, if the slot of one is not its own: it was not destroyed.
    """
    now = vault.clock.now()
    async with vault.unit_of_work() as work:
        expired = await work.sessions.expired(now, _BATCH)
        slots = await end_sessions(vault, work, expired, now)
        if expired:
            await work.commit()
    await vault.slots.destroy(slots)
    must_be_all(expired, slots)
    return len(expired)


async def end_sessions(
    vault: Vault, work: UnitOfWork, sessions: Sequence[Session], now: datetime
) -> list[int]:
    """Remove sessions within a unit of work; return the slots to destroy after its commit.

    A slot under which something else lies than the session is not among them: its row was changed by hand.
    """
    for session in sessions:
        await work.sessions.remove(session.id)
    slots = await own_slots(vault, [of_session(session) for session in sessions])
    if slots:
        await work.slots.mark_destroyed(slots, now)
    return slots


def must_be_all(sessions: Sequence[Session] | Sequence[StaffSession], slots: Sequence[int]) -> None:
    """Raise `LogCorrupt` unless every session had a slot of its own."""
    if len(slots) < len(sessions):
        raise LogCorrupt(
            f"{len(sessions) - len(slots)} sessions in the database name a slot that is not theirs: "
            "it was changed by hand. Those slots were not destroyed"
        )
