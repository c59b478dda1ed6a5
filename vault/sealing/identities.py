"""Locked identities under their slots, and the recipients this service vouches for.

Locking to a password costs an Argon2 run, so it happens before a unit of work begins (`lock`); the unit
of work then only puts the result under a slot (`keep`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from keys.age import HybridIdentity, HybridRecipient, Identity, Recipient
from keys.errors import SlotDestroyed, SlotMismatch
from keys.identities import lock as lock_identity
from keys.identities import relock as relock_identity
from keys.identities import unlock as unlock_identity
from keys.secret import Secret
from keys.slots.sealing import open_under, seal_under
from vault.domain.staff import Group, LockedIdentity, Owner
from vault.errors import AccessDenied, LogCorrupt
from vault.ports.database import Repositories, UnitOfWork
from vault.ports.vault import Vault
from vault.sealing.own_slots import of_identities, own_slots

DECOY = "decoy"
"""Owner id of the identity that is unlocked, in vain, for a name nobody has: so both cost the same."""


@dataclass(frozen=True, slots=True)
class Unkept:
    """A freshly locked identity that has no slot yet; `locked` is empty for one that its owner keeps."""

    owner: Owner
    owner_id: str
    generation: int
    recipient: HybridRecipient
    locked: bytes


@dataclass(frozen=True, slots=True)
class Found:
    """Identities as they lie, vouched for, and those of their slots that live, by number."""

    identities: Sequence[LockedIdentity]
    slots: Mapping[int, Secret]


async def lock(
    identity: HybridIdentity, to: Sequence[Recipient], *, owner: Owner, owner_id: str, generation: int = 1
) -> Unkept:
    """Lock an identity on a worker thread, ready to be kept."""
    locked = await asyncio.to_thread(lock_identity, identity, to)
    return Unkept(owner, owner_id, generation, identity.recipient, locked)


async def relock(
    vault: Vault, old: LockedIdentity, by: Sequence[Identity], to: Sequence[Recipient]
) -> Unkept:
    """Lock an identity to others, opened by `by`; a password to which it is locked stays one."""
    locked = await asyncio.to_thread(relock_identity, await locked_bytes(vault, old), by, to)
    return Unkept(old.owner, old.owner_id, old.generation, _parsed(old.recipient), locked)


def kept_by_owner(recipient: HybridRecipient, *, owner_id: str, generation: int = 1) -> Unkept:
    """Return a person's identity of which the vault keeps the recipient alone.

    It has a slot nevertheless: once that is destroyed, no copy of the row is taken for the person's.
    """
    return Unkept(Owner.STAFF, owner_id, generation, recipient, b"")


async def keep(vault: Vault, work: UnitOfWork, new: Unkept, now: datetime) -> LockedIdentity:
    """Put a locked identity under a fresh slot and add it to the database."""
    identity = await _under_a_slot(vault, work, new, now)
    await work.identities.add(identity)
    return identity


async def keep_again(
    vault: Vault, work: UnitOfWork, new: Unkept, old: LockedIdentity, now: datetime
) -> LockedIdentity:
    """Replace the lock of a kept identity. The caller destroys the old lock's slot after the commit.

    Raise `LogCorrupt` for an old one whose slot is not its own, which must not be destroyed.
    """
    await _must_be_own(vault, old)
    identity = await _under_a_slot(vault, work, new, now)
    await work.identities.save(identity)
    if old.slot is not None:
        await work.slots.mark_destroyed([old.slot], now)
    return identity


async def retire(vault: Vault, work: UnitOfWork, old: LockedIdentity, now: datetime) -> list[int]:
    """End an identity, to which nothing is sealed any more; return the slots to destroy after the commit.

    Raise `LogCorrupt` for one whose slot is not its own.
    """
    await _must_be_own(vault, old)
    await work.identities.save(replace(old, slot=None, sealed=None))
    slots = [] if old.slot is None else [old.slot]
    await work.slots.mark_destroyed(slots, now)
    return slots


async def vouch_for_recovery(vault: Vault, work: UnitOfWork, recipient: HybridRecipient) -> None:
    """Add the recipient of an identity that its owner keeps outside."""
    unvouched = LockedIdentity(Owner.RECOVERY, "1", 1, str(recipient), b"", None, None)
    await work.identities.add(replace(unvouched, vouched=vault.keys.vouch(unvouched.statement)))


async def current(vault: Vault, rows: Repositories, owner: Owner, owner_id: str) -> LockedIdentity:
    """Return the owner's identity as it lies; raise `AccessDenied` for none, `LogCorrupt` for a forgery."""
    return _vouched(vault, await rows.identities.current(owner, owner_id), owner)


async def generation(
    vault: Vault, rows: Repositories, owner: Owner, owner_id: str, number: int
) -> LockedIdentity:
    """Return one generation of the owner's identity; raise what `current` raises."""
    return _vouched(vault, await rows.identities.get(owner, owner_id, number), owner)


def _vouched(vault: Vault, identity: LockedIdentity | None, owner: Owner) -> LockedIdentity:
    if identity is None:
        raise AccessDenied(f"no identity of that {owner}")
    if not vault.keys.vouched(identity.statement, identity.vouched):
        raise LogCorrupt(f"the recipient of a {owner} in the database is not one this vault vouched for")
    return identity


async def recipient(vault: Vault, rows: Repositories, owner: Owner, owner_id: str) -> HybridRecipient:
    """Return the recipient to seal to: vouched for, and its slot alive.

    Raise `LogCorrupt` for one whose slot is destroyed: an older generation, or somebody who left, put back
    into the database by hand.
    """
    (found,) = await recipients(vault, rows, (owner, owner_id))
    return found


async def recipients(vault: Vault, rows: Repositories, *owners: tuple[Owner, str]) -> list[HybridRecipient]:
    """Return the recipients of several owners, as `recipient` does for one."""
    return await living_recipients(vault, await find(vault, rows, *owners))


async def find(vault: Vault, rows: Repositories, *owners: tuple[Owner, str]) -> Found:
    """Return the identities of several owners as they lie, with their slots; raise what `current` raises."""
    found = [await current(vault, rows, owner, owner_id) for owner, owner_id in owners]
    slots = await vault.slots.read_many(each.slot for each in found if each.slot is not None)
    return Found(found, slots)


async def living_recipients(vault: Vault, found: Found) -> list[HybridRecipient]:
    """Return their recipients, each looked up anew that was replaced meanwhile; raise as `recipient`."""
    return [_parsed((await _living(vault, each, found.slots)).recipient) for each in found.identities]


async def group_recipients(vault: Vault, rows: Repositories, *groups: Group) -> list[HybridRecipient]:
    """Return the recipients of groups of staff."""
    return await recipients(vault, rows, *((Owner.GROUP, group) for group in groups))


async def locked_bytes(vault: Vault, identity: LockedIdentity) -> bytes:
    """Return the locked identity from under its slot, empty for a person who keeps theirs.

    One that was locked anew since it was read is read again. Raise `keys.errors.SlotDestroyed`.
    """
    if identity.slot is None or identity.sealed is None:
        raise AccessDenied("that identity is kept outside of the vault")
    try:
        slot = await vault.slots.read(identity.slot)
    except SlotDestroyed:
        async with vault.reading() as rows:
            again = await generation(vault, rows, identity.owner, identity.owner_id, identity.generation)
        if again.slot in (None, identity.slot):
            raise
        return await locked_bytes(vault, again)
    return await asyncio.to_thread(open_under, slot, identity.sealed, bound_to=identity.binding)


async def _must_be_own(vault: Vault, identity: LockedIdentity) -> None:
    claims = of_identities(identity)
    if claims and not await own_slots(vault, claims):
        raise LogCorrupt(f"what lies under the slot of a {identity.owner} is not its identity")


async def _living(vault: Vault, identity: LockedIdentity, living: Mapping[int, Secret]) -> LockedIdentity:
    """Return the identity if what lies under its slot is bound to it; the newer one if it was replaced."""
    if identity.owner is Owner.RECOVERY:
        return identity
    slot = None if identity.slot is None else living.get(identity.slot)
    if slot is None or identity.sealed is None:
        async with vault.reading() as rows:
            again = await current(vault, rows, identity.owner, identity.owner_id)
        if again.slot in (None, identity.slot):
            raise LogCorrupt(f"the recipient of a {identity.owner} has ended: somebody put an old row back")
        return await _living(vault, again, await vault.slots.read_many([again.slot]))
    try:
        open_under(slot, identity.sealed, bound_to=identity.binding)
    except SlotMismatch:
        raise LogCorrupt(f"what lies under the slot of a {identity.owner} is not its identity") from None
    return identity


async def unlock(vault: Vault, identity: LockedIdentity, by: Sequence[Identity]) -> HybridIdentity:
    """Unlock with identities at hand; a password goes through `vault.passwords` instead."""
    return await asyncio.to_thread(unlock_identity, await locked_bytes(vault, identity), by)


@lru_cache(maxsize=1024)
def _parsed(recipient: str) -> HybridRecipient:
    """Return the recipient that a text encodes: 1,216 bytes that take a while to read, and recur."""
    return HybridRecipient.parse(recipient)


async def _under_a_slot(vault: Vault, work: UnitOfWork, new: Unkept, now: datetime) -> LockedIdentity:
    number = await work.slots.claim("identity", now)
    slot = await vault.slots.claimable(number)
    bare = LockedIdentity(
        new.owner, new.owner_id, new.generation, str(new.recipient), b"", number, new.locked
    )
    sealed = seal_under(slot, new.locked, bound_to=bare.binding)
    return replace(bare, vouched=vault.keys.vouch(bare.statement), sealed=sealed)
