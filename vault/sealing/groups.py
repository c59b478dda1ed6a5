"""A group's identity and the people to whom it is locked: whoever joins gets it with a new lock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from keys.age import HybridIdentity, HybridRecipient
from vault.domain.staff import Group, LockedIdentity, Owner
from vault.errors import Conflict
from vault.ports.database import Repositories, UnitOfWork
from vault.ports.vault import Vault
from vault.sealing import identities
from vault.sealing.identities import Unkept

_RECOVERY = "1"


@dataclass(frozen=True, slots=True)
class Relocked:
    """A group's identity locked anew but not kept yet, and the lock that it replaces."""

    new: Unkept
    old: LockedIdentity


async def open_group(
    vault: Vault, rows: Repositories, group: Group, office: Sequence[HybridIdentity]
) -> HybridIdentity:
    """Return the group's identity, opened by what a DPO holds."""
    if group is Group.DPO_OFFICE:
        return office[0]
    return await identities.unlock(vault, await identities.current(vault, rows, Owner.GROUP, group), office)


async def relock(
    vault: Vault,
    rows: Repositories,
    group: Group,
    identity: HybridIdentity,
    people: Sequence[HybridRecipient],
) -> Relocked:
    """Lock a group's identity to its people and to who stands above: recovery, or the office."""
    old = await identities.current(vault, rows, Owner.GROUP, group)
    above = (
        await identities.recipient(vault, rows, Owner.RECOVERY, _RECOVERY)
        if group is Group.DPO_OFFICE
        else await identities.recipient(vault, rows, Owner.GROUP, Group.DPO_OFFICE)
    )
    new = await identities.lock(
        identity, [*people, above], owner=Owner.GROUP, owner_id=group, generation=old.generation
    )
    return Relocked(new, old)


async def keep_relocked(vault: Vault, work: UnitOfWork, lock: Relocked, now: datetime) -> None:
    """Replace the group's lock; raise `Conflict` if somebody joined since it was read.

    The caller destroys the old lock's slot after the commit.
    """
    found = await identities.current(vault, work, Owner.GROUP, lock.new.owner_id)
    if found.slot != lock.old.slot:
        raise Conflict("the group changed in the same moment; try again")
    await identities.keep_again(vault, work, lock.new, lock.old, now)
