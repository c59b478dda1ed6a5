"""Lock a batch of customers' identities to the groups of today; their passwords stay what they are."""

from __future__ import annotations

from collections.abc import Sequence

from keys.age import HybridIdentity
from keys.errors import MalformedHeader, NoMatchingIdentity, SlotDestroyed, SlotMismatch
from vault.domain.renewal import Renewal
from vault.domain.staff import Group, LockedIdentity, Owner
from vault.ports.database import UnitOfWork
from vault.ports.vault import Vault
from vault.sealing import identities
from vault.sealing.identities import Unkept
from vault.sealing.renewals import vouched
from vault.usecases.rotate_keys import moved_by_others

_BATCH = 50
_UNOPENED = (NoMatchingIdentity, MalformedHeader, SlotMismatch, SlotDestroyed)

Locks = list[tuple[LockedIdentity, Unkept]]


async def renew_locks(vault: Vault, held: Sequence[HybridIdentity], renewal: Renewal) -> Renewal:
    """Return the renewal as it is after one batch, whoever moved it; after the last the recordings come."""
    async with vault.reading() as rows:
        epoch = await rows.renewals.epoch()
        owners = await rows.identities.owners(Owner.CUSTOMER, after=renewal.locks_after, limit=_BATCH)
        locks = [await identities.current(vault, rows, Owner.CUSTOMER, owner) for owner in owners]
        to = await identities.group_recipients(vault, rows, Group.DPO_OFFICE, Group.TECH_MANAGERS)
    relocked: Locks = []
    for lock in locks:
        try:
            relocked.append((lock, await identities.relock(vault, lock, held, to)))
        except _UNOPENED:
            continue
    if owners:
        moved = renewal.locked(owners[-1], len(owners), len(locks) - len(relocked))
    else:
        moved = renewal.all_locked()
    async with vault.unit_of_work() as work:
        if (now := await moved_by_others(vault, work, renewal, epoch)) is not None:
            return now
        slots = [slot for old, new in relocked for slot in await _keep(vault, work, old, new)]
        moved = vouched(vault, moved)
        await work.renewals.save(moved)
        await work.commit()
    await vault.slots.destroy(slots)
    return moved


async def _keep(vault: Vault, work: UnitOfWork, old: LockedIdentity, new: Unkept) -> list[int]:
    """Replace a lock, unless a password was issued meanwhile, which locked it anew itself."""
    found = await identities.current(vault, work, old.owner, old.owner_id)
    if found.slot != old.slot or old.slot is None:
        return []
    await identities.keep_again(vault, work, new, old, vault.clock.now())
    return [old.slot]
