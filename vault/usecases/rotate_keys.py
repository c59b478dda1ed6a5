"""Give a group a new identity: what comes is sealed to it at once, what lies is renewed by `renew_seals`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from keys.age import HybridIdentity
from vault.domain.event import Action, Actor, AuditEvent
from vault.domain.names import CustomerId, StaffId
from vault.domain.renewal import Renewal, needs_locks
from vault.domain.staff import Group, Owner
from vault.ports.database import UnitOfWork
from vault.ports.vault import Vault
from vault.sealing import groups, identities
from vault.sealing.groups import Relocked
from vault.sealing.identities import Unkept
from vault.sealing.renewals import must_be_vouched, vouched
from vault.usecases.unlock_staff import Custodian


@dataclass(frozen=True, slots=True)
class Rotation:
    """A group's next generation, and the locks of what lives on: not kept yet."""

    new: Unkept
    relocked: tuple[Relocked, ...]


async def rotate_keys(vault: Vault, custodian: Custodian, group: Group) -> Renewal:
    """Return the renewal that the rotation leaves to be done. A DPO's alone.

    Raise `AccessDenied`, or `Conflict` when the group changed in the same moment.
    """
    custodian.must_be_dpo()
    rotation = await prepare_rotation(vault, custodian, group)
    now = vault.clock.now()
    async with vault.unit_of_work() as work:
        renewal, slots = await keep_rotation(vault, work, rotation, now, by=custodian.actor)
        await work.commit()
    await vault.slots.destroy(slots)
    return renewal


async def prepare_rotation(
    vault: Vault, custodian: Custodian, group: Group, *, without: StaffId | None = None
) -> Rotation:
    """Lock a new identity, and every older one that is still needed, to the people who stay.

    The tech managers' identities are locked to the office, and so anew when that changes.
    """
    fresh = HybridIdentity.generate()
    async with vault.reading() as rows:
        opened = await groups.open_living(vault, rows, group, custodian.identities)
        people = await groups.people(vault, rows, group, without=without)
        above = await groups.above(vault, rows, group)
        relocked = await groups.relock(opened, [*people, above])
        if group is Group.DPO_OFFICE:
            below = Group.TECH_MANAGERS
            tech = await groups.open_living(vault, rows, below, custodian.identities)
            staff = await groups.people(vault, rows, below)
            relocked += await groups.relock(tech, [*staff, fresh.recipient])
    new = await identities.lock(
        fresh,
        [*people, above],
        owner=Owner.GROUP,
        owner_id=group,
        generation=opened[0].lock.generation + 1,
    )
    return Rotation(new, tuple(relocked))


async def keep_rotation(
    vault: Vault, work: UnitOfWork, rotation: Rotation, now: datetime, *, by: Actor
) -> tuple[Renewal, list[int]]:
    """Keep it, on record; return the renewal, and the slots to destroy after the commit."""
    slots = await groups.keep_relocked(vault, work, rotation.relocked, now)
    await identities.keep(vault, work, rotation.new, now)
    return await begin_renewal(vault, work, rotation.new, now, by=by), slots


async def begin_renewal(vault: Vault, work: UnitOfWork, new: Unkept, now: datetime, *, by: Actor) -> Renewal:
    """Put a rotation on record, for the database to be held against, and begin its renewal."""
    customer = CustomerId(new.owner_id) if new.owner is Owner.CUSTOMER else None
    facts: dict[str, str | int | bool] = {
        "owner": new.owner,
        "of": new.owner_id,
        "generation": new.generation,
    }
    facts |= {"customer": customer} if customer else {}
    appended = await work.log.append(AuditEvent(Action.KEYS_ROTATED, by, facts=facts))
    decoy = 1  # it is locked to the office as every customer is
    renewal = Renewal.begin(
        await work.renewals.epoch() + 1,
        owner=new.owner,
        owner_id=new.owner_id,
        generation=new.generation,
        log_index=appended.index,
        begun_at=now,
        locks=len(await work.customers.all()) + decoy if needs_locks(new.owner) else 0,
        recordings=await work.recordings.living(customer),
    )
    renewal = vouched(vault, renewal)
    await work.renewals.add(renewal)
    return renewal


async def moved_by_others(
    vault: Vault, work: UnitOfWork, renewal: Renewal, epoch: int | None = None
) -> Renewal | None:
    """Return the renewal as it is now if it, or the keys, moved since it was read; None if it may go on.

    Raise `LogCorrupt` if what moved it was not this vault.
    """
    now = must_be_vouched(vault, await work.renewals.get(renewal.number) or renewal)
    unchanged = now == renewal and epoch in (None, await work.renewals.epoch())
    return None if unchanged else now
