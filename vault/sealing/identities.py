"""Locked identities under their slots, and the recipients this service vouches for.

Locking to a password costs an Argon2 run, so it happens before a unit of work begins (`lock`); the unit
of work then only puts the result under a slot (`keep`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from keys.age import HybridIdentity, HybridRecipient, Identity, Recipient
from keys.identities import lock as lock_identity
from keys.identities import unlock as unlock_identity
from keys.slots.sealing import open_under, seal_under
from vault.domain.staff import Group, LockedIdentity, Owner
from vault.errors import AccessDenied, LogCorrupt
from vault.ports.database import Repositories, UnitOfWork
from vault.ports.vault import Vault

DECOY = "decoy"
"""Owner id of the identity that is unlocked, in vain, for a name nobody has: so both cost the same."""


@dataclass(frozen=True, slots=True)
class Unkept:
    """A freshly locked identity that has no slot yet."""

    owner: Owner
    owner_id: str
    generation: int
    recipient: HybridRecipient
    locked: bytes


async def lock(
    identity: HybridIdentity, to: Sequence[Recipient], *, owner: Owner, owner_id: str, generation: int = 1
) -> Unkept:
    """Lock an identity on a worker thread, ready to be kept."""
    locked = await asyncio.to_thread(lock_identity, identity, to)
    return Unkept(owner, owner_id, generation, identity.recipient, locked)


async def keep(vault: Vault, work: UnitOfWork, new: Unkept, now: datetime) -> LockedIdentity:
    """Put a locked identity under a fresh slot and add it to the database."""
    identity = await _under_a_slot(vault, work, new, now)
    await work.identities.add(identity)
    return identity


async def keep_again(
    vault: Vault, work: UnitOfWork, new: Unkept, old: LockedIdentity, now: datetime
) -> LockedIdentity:
    """Replace the lock of a kept identity. The caller destroys the old lock's slot after the commit."""
    identity = await _under_a_slot(vault, work, new, now)
    await work.identities.save(identity)
    if old.slot is not None:
        await work.slots.mark_destroyed([old.slot], now)
    return identity


async def vouch_for_recovery(vault: Vault, work: UnitOfWork, recipient: HybridRecipient) -> None:
    """Add the recipient of an identity that its owner keeps outside."""
    unvouched = LockedIdentity(Owner.RECOVERY, "1", 1, str(recipient), b"", None, None)
    await work.identities.add(replace(unvouched, vouched=vault.keys.vouch(unvouched.statement)))


async def current(vault: Vault, rows: Repositories, owner: Owner, owner_id: str) -> LockedIdentity:
    """Return the owner's identity as it lies; raise `AccessDenied` for none, `LogCorrupt` for a forgery."""
    identity = await rows.identities.current(owner, owner_id)
    if identity is None:
        raise AccessDenied(f"no identity of that {owner}")
    if not vault.keys.vouched(identity.statement, identity.vouched):
        raise LogCorrupt(f"the recipient of a {owner} in the database is not one this vault vouched for")
    return identity


async def recipient(vault: Vault, rows: Repositories, owner: Owner, owner_id: str) -> HybridRecipient:
    """Return the recipient to seal to, vouched for."""
    return _parsed((await current(vault, rows, owner, owner_id)).recipient)


async def group_recipients(vault: Vault, rows: Repositories, *groups: Group) -> list[HybridRecipient]:
    """Return the recipients of groups of staff."""
    return [await recipient(vault, rows, Owner.GROUP, group) for group in groups]


async def locked_bytes(vault: Vault, identity: LockedIdentity) -> bytes:
    """Return the locked identity from under its slot; raise `keys.errors.SlotDestroyed`."""
    if identity.slot is None or identity.sealed is None:
        raise AccessDenied("that identity is kept outside of the vault")
    slot = await vault.slots.read(identity.slot)
    return await asyncio.to_thread(open_under, slot, identity.sealed, bound_to=identity.binding)


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
