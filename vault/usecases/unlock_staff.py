"""Prove who acts of the staff: the passphrase opens the person's identity, and that one its group's.

The guess limit is asked before Argon2 is paid for. Each user of the operating system has a bucket of their
own for each person of the staff, so that nobody can use up another's tries. Whoever keeps an identity
file presents the identity itself, which is proof enough.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from keys.age import HybridIdentity
from keys.errors import NoMatchingIdentity, SlotDestroyed
from keys.secret import Secret
from vault.domain.event import Action, Actor, AuditEvent, Channel, Outcome
from vault.domain.guesses import network_of
from vault.domain.names import StaffName
from vault.domain.staff import LockedIdentity, Owner, Role, StaffMember
from vault.errors import AccessDenied, Overloaded
from vault.ports.database import Repositories
from vault.ports.vault import Vault
from vault.sealing import groups, identities
from vault.usecases.limit_guesses import admit_guess, forgive_guess

_LOCAL = frozenset({Channel.CLI, Channel.SERVICE})
"""Doors that only a user of this machine comes through, under a name that can't be made up."""
_SHARED_BUCKETS = 1024
"""Tries from the network, and at names that nobody has, share this many buckets, picked by a keyed hash of
name and origin: what guesses can cost and leave behind stays bounded (ADR 0006)."""


@dataclass(frozen=True, slots=True)
class Person:
    """A member of staff who proved it. Their keys may be elsewhere, on a machine of their own."""

    member: StaffMember
    actor: Actor

    def must_be_dpo(self) -> None:
        """Raise `AccessDenied` for everybody else."""
        if self.member.role is not Role.DPO:
            raise AccessDenied("only a DPO may do this")


@dataclass(frozen=True, slots=True)
class Custodian(Person):
    """A person, and what that person's identity opens, at hand.

    `identities` are the group's: the DPO office's, which opens every recording and the identities of tech
    managers and customers; the tech managers', which opens processor-side recordings; a manager has none.
    The current one comes first; older ones follow while a renewal is under way.
    """

    own: HybridIdentity
    identities: tuple[HybridIdentity, ...]


Proof = Secret | HybridIdentity
"""What a person proves with: a passphrase, normalised already, or the identity of their own file."""


@dataclass(frozen=True, slots=True)
class _Presented:
    """Who somebody says they are, what is tried with the passphrase, and why it can't succeed if it can't."""

    member: StaffMember | None
    locked: LockedIdentity
    groups: Sequence[LockedIdentity]
    why: str | None


def presentation(vault: Vault, name: StaffName, by: Actor) -> str:
    """Return what tries from one network at one name have in common, blinded; for `turn_away`."""
    return vault.keys.blind("presented", f"staff {name} {network_of(by.address or '')}")


async def unlock_staff(
    vault: Vault, name: StaffName, proof: Proof, *, by: Actor, roles: Collection[Role] = tuple(Role)
) -> Custodian:
    """Return the custodian; `by` is who sits there, as far as that is known.

    Raise `AccessDenied` alike, and log why, for a wrong name, proof or role, and for who has left;
    `TooManyGuesses` when the bucket is full. The passphrase is normalised (`keys.passwords.normalise`).
    """
    async with vault.reading() as rows:
        who = await _presented(vault, rows, name, roles)
    bucket = bucket_of(vault, who.member, name, by)
    await admit_guess(vault, bucket, presentation(vault, name, by))
    try:
        opened = await _open(vault, who, proof, trusted=by.channel in _LOCAL)
    except Overloaded:
        await forgive_guess(vault, bucket)
        raise
    if who.member is None or who.why is not None or opened is None:
        await _record_refusal(vault, who, proof, by)
        raise AccessDenied("name, passphrase or role are not right for this")
    await forgive_guess(vault, bucket)
    return Custodian(who.member, by_staff(who.member, by), *opened)


def by_staff(member: StaffMember, by: Actor) -> Actor:
    """Return the actor once it is known who it is."""
    return Actor(f"staff:{member.id}", member.name, by.channel, by.address)


def bucket_of(vault: Vault, member: StaffMember | None, name: StaffName, by: Actor) -> str:
    """Return the bucket that a try counts in: of a person and who sits at this machine, or a shared one."""
    local = by.channel in _LOCAL
    if local and member is not None:
        return f"staff {member.id} {by.id}"
    origin = by.id if local else network_of(by.address or "")
    return f"staff name {int(vault.keys.blind('staff bucket', name, origin), 16) % _SHARED_BUCKETS}"


async def _presented(
    vault: Vault, rows: Repositories, name: StaffName, roles: Collection[Role]
) -> _Presented:
    """Look the person up; for who can't come in, the decoy is tried: so that it costs the same."""
    member = await rows.staff.get(name)
    if member is None:
        why = "unknown"
    elif member.removed_at is not None:
        why = "removed"
    elif member.role not in roles:
        why = "role"
    elif await rows.identities.current(Owner.STAFF, member.id) is None:
        why = "no_identity"
    else:
        person = await identities.current(vault, rows, Owner.STAFF, member.id)
        shared = await groups.living(vault, rows, member.group) if member.group else ()
        return _Presented(member, person, shared, None)
    decoy = await identities.current(vault, rows, Owner.CUSTOMER, identities.DECOY)
    return _Presented(member, decoy, (), why)


async def reopened(vault: Vault, custodian: Custodian) -> Custodian:
    """Return the custodian with the group's identities as they are now: after a rotation there are more."""
    if custodian.member.group is None:
        return custodian
    async with vault.reading() as rows:
        shared = await groups.living(vault, rows, custodian.member.group)
    return replace(custodian, identities=await _shared(vault, shared, custodian.own))


async def _open(
    vault: Vault, who: _Presented, proof: Proof, *, trusted: bool
) -> tuple[HybridIdentity, tuple[HybridIdentity, ...]] | None:
    """Return the person's identity and the group's; None for a proof that opens nothing, or no more."""
    try:
        locked = await identities.locked_bytes(vault, who.locked)
        if isinstance(proof, Secret):
            own = await _by_passphrase(vault, locked, proof, trusted=trusted)
        else:
            own = await asyncio.to_thread(_by_file, who.locked, proof)
        return own, await _shared(vault, who.groups, own)
    except (NoMatchingIdentity, SlotDestroyed):
        return None


async def _by_passphrase(vault: Vault, locked: bytes, passphrase: Secret, *, trusted: bool) -> HybridIdentity:
    if (
        not locked
    ):  # an identity file's owner has no passphrase: the decoy is tried, so that it costs the same
        async with vault.reading() as rows:
            decoy = await identities.current(vault, rows, Owner.CUSTOMER, identities.DECOY)
        await vault.passwords.unlock(await identities.locked_bytes(vault, decoy), passphrase, trusted=trusted)
        raise NoMatchingIdentity("this person keeps an identity file and has no passphrase")
    return await vault.passwords.unlock(locked, passphrase, trusted=trusted)


def _by_file(identity: LockedIdentity, presented: HybridIdentity) -> HybridIdentity:
    """Return the presented identity if it is the person's: nobody makes another of the same recipient."""
    if str(presented.recipient) != identity.recipient:
        raise NoMatchingIdentity("that identity is another's")
    return presented


async def _shared(
    vault: Vault, locks: Sequence[LockedIdentity], own: HybridIdentity
) -> tuple[HybridIdentity, ...]:
    return tuple([await identities.unlock(vault, lock, [own]) for lock in locks])


async def _record_refusal(vault: Vault, who: _Presented, proof: Proof, by: Actor) -> None:
    if (
        by.channel not in _LOCAL
    ):  # from the network it enters its bucket's summary: nobody fills the log there
        return
    tried = "passphrase" if isinstance(proof, Secret) else "identity"
    facts = {"staff": who.member.id if who.member else "unknown", "why": who.why or tried}
    async with vault.unit_of_work() as work:
        await work.log.append(AuditEvent(Action.PASSWORD_REFUSED, by, outcome=Outcome.REFUSED, facts=facts))
        await work.commit()
