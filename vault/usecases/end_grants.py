"""End grants: with their time, their person, or their recording. Their slots are destroyed for good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from vault.domain.event import SERVICE, Action, Actor, AuditEvent
from vault.domain.grant import Grant, GrantState
from vault.domain.names import RecordingId, StaffId
from vault.ports.database import UnitOfWork
from vault.ports.grants import GrantFilter
from vault.ports.vault import Vault
from vault.sealing.own_slots import of_grant, own_slots

_BATCH = 500


async def end_expired_grants(vault: Vault) -> int:
    """End the grants whose time is over, a batch at a time; return how many."""
    now = vault.clock.now()
    async with vault.reading() as rows:  # mostly there are none, which costs no write
        if not await rows.grants.expired(now, 1):
            return 0
    async with vault.unit_of_work() as work:
        expired = await work.grants.expired(now, _BATCH)
        slots = await end_grants(vault, work, expired, GrantState.EXPIRED, now, by=SERVICE)
        if expired:
            await work.commit()
    await vault.slots.destroy(slots)
    return len(expired)


async def end_grants_of(
    vault: Vault, work: UnitOfWork, manager: StaffId, now: datetime, *, by: Actor
) -> list[int]:
    """End all grants of a person who leaves, within a unit of work; return the slots to destroy after it."""
    found = await work.grants.list(GrantFilter(manager=manager, unended=True))
    return await end_grants(vault, work, found, GrantState.LEFT, now, by=by)


async def end_grants_on(
    vault: Vault, work: UnitOfWork, recording: RecordingId, now: datetime, *, by: Actor
) -> list[int]:
    """End all grants of a recording that is destroyed, within a unit of work; return their slots."""
    found = await work.grants.list(GrantFilter(recording=recording, unended=True))
    return await end_grants(vault, work, found, GrantState.SHREDDED, now, by=by)


async def end_grants(
    vault: Vault, work: UnitOfWork, grants: Sequence[Grant], state: GrantState, now: datetime, *, by: Actor
) -> list[int]:
    """End grants, on record, within a unit of work; return the slots to destroy after its commit.

    A slot under which something else lies than the grant is not among them: its row was changed by hand.
    """
    claims = []
    for grant in grants:
        await work.grants.save(grant.end(state, now))
        recording = await work.recordings.get(grant.recording)
        if recording is not None:
            claims.append(of_grant(grant, recording))
        owner = recording.owner_facts if recording else {}
        await work.log.append(
            AuditEvent(
                Action.GRANT_EXPIRED if state is GrantState.EXPIRED else Action.GRANT_REVOKED,
                by,
                recording=grant.recording,
                facts={"grant": grant.id, "manager": grant.manager, "why": state, **owner},
            )
        )
    slots = await own_slots(vault, claims)
    await work.slots.mark_destroyed(slots, now)
    return slots
