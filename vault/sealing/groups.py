"""A group's identity and the people to whom it is locked: whoever joins or leaves, it gets a new lock.

While a renewal is under way the generation before it lives on, locked to the same people as the current one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from keys.age import HybridIdentity, HybridRecipient
from keys.errors import NoMatchingIdentity
from vault.domain.names import StaffId
from vault.domain.staff import Group, LockedIdentity, Owner, StaffMember
from vault.errors import Conflict
from vault.ports.database import Repositories, UnitOfWork
from vault.ports.vault import Vault
from vault.sealing import identities
from vault.sealing.identities import Unkept
from vault.sealing.signed_log import must_have_role_on_record

_RECOVERY = "1"


@dataclass(frozen=True, slots=True)
class Opened:
    """A generation of a group's identity: how it is locked, and the identity itself."""

    lock: LockedIdentity
    identity: HybridIdentity


@dataclass(frozen=True, slots=True)
class Relocked:
    """A group's identity locked anew but not kept yet, and the lock that it replaces."""

    new: Unkept
    old: LockedIdentity


async def living(vault: Vault, rows: Repositories, group: Group) -> list[LockedIdentity]:
    """Return the group's identities, the current one first, then those that renewals still need."""
    now = await identities.current(vault, rows, Owner.GROUP, group)
    unfinished = [each for each in await rows.renewals.unfinished() if each.is_of(Owner.GROUP, group)]
    older = sorted((each.generation - 1 for each in unfinished), reverse=True)
    return [now, *[await identities.generation(vault, rows, Owner.GROUP, group, each) for each in older]]


async def open_living(
    vault: Vault, rows: Repositories, group: Group, office: Sequence[HybridIdentity]
) -> list[Opened]:
    """Open the group's identities by what a DPO holds; raise `Conflict` if the office changed since."""
    locks = await living(vault, rows, group)
    held = {str(identity.recipient): identity for identity in office}
    try:
        if group is Group.TECH_MANAGERS:
            return [Opened(lock, await identities.unlock(vault, lock, office)) for lock in locks]
        return [Opened(lock, held[lock.recipient]) for lock in locks]
    except (NoMatchingIdentity, KeyError):
        raise Conflict("the DPO office's key changed in the same moment; try again") from None


async def people(
    vault: Vault, rows: Repositories, group: Group, *, without: StaffId | None = None
) -> list[HybridRecipient]:
    """Return the recipients of a group's people, each in the role in which the log says they were added.

    A writer to the database can't make a manager a DPO, who would be locked to with the next one added.
    """
    found = [each for each in await rows.staff.all() if _belongs(each, group, without)]
    await must_have_role_on_record(vault, *found)
    return await identities.recipients(vault, rows, *((Owner.STAFF, each.id) for each in found))


async def above(vault: Vault, rows: Repositories, group: Group) -> HybridRecipient:
    """Return who stands above a group: recovery above the office, the office above the tech managers."""
    if group is Group.DPO_OFFICE:
        return await identities.recipient(vault, rows, Owner.RECOVERY, _RECOVERY)
    return await identities.recipient(vault, rows, Owner.GROUP, Group.DPO_OFFICE)


async def must_be_unchanged(work: UnitOfWork, epoch: int) -> None:
    """Raise `Conflict` if keys were rotated since that epoch: what was locked then is locked to old ones."""
    if await work.renewals.epoch() != epoch:
        raise Conflict("keys were rotated in the same moment; try again")


async def relock(opened: Sequence[Opened], to: Sequence[HybridRecipient]) -> list[Relocked]:
    """Lock each generation of a group's identity to its people and to who stands above."""
    return [Relocked(await _locked(each.identity, to, each.lock), each.lock) for each in opened]


async def keep_relocked(
    vault: Vault, work: UnitOfWork, locks: Sequence[Relocked], now: datetime
) -> list[int]:
    """Replace locks; raise `Conflict` if one changed since it was read.

    Return the old locks' slots, which the caller destroys after the commit.
    """
    for lock in locks:
        old = lock.old
        found = await identities.generation(vault, work, old.owner, old.owner_id, old.generation)
        if found.slot != old.slot:
            raise Conflict("the group changed in the same moment; try again")
        await identities.keep_again(vault, work, lock.new, old, now)
    return [lock.old.slot for lock in locks if lock.old.slot is not None]


async def _locked(identity: HybridIdentity, to: Sequence[HybridRecipient], old: LockedIdentity) -> Unkept:
    return await identities.lock(
        identity, to, owner=old.owner, owner_id=old.owner_id, generation=old.generation
    )


def _belongs(member: StaffMember, group: Group, without: StaffId | None) -> bool:
    return member.group is group and member.removed_at is None and member.id != without
