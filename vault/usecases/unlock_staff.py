"""Prove who acts of the staff: the passphrase opens the person's identity, and that one its group's."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from keys.age import HybridIdentity
from keys.errors import NoMatchingIdentity, SlotDestroyed
from keys.secret import Secret
from vault.domain.event import Action, Actor, AuditEvent, Outcome
from vault.domain.names import StaffName
from vault.domain.staff import LockedIdentity, Owner, Role, StaffMember
from vault.errors import AccessDenied
from vault.ports.database import Repositories
from vault.ports.vault import Vault
from vault.sealing import identities


@dataclass(frozen=True, slots=True)
class Custodian:
    """A member of staff who proved it, and what that person's identity opens.

    `identities` are the group's: the DPO office's, which opens every recording and the identities of tech
    managers and customers; the tech managers', which opens processor-side recordings; a manager has none.
    """

    member: StaffMember
    actor: Actor
    own: HybridIdentity
    identities: tuple[HybridIdentity, ...]

    def must_be_dpo(self) -> None:
        """Raise `AccessDenied` for everybody else."""
        if self.member.role is not Role.DPO:
            raise AccessDenied("only a DPO may do this")


@dataclass(frozen=True, slots=True)
class _Presented:
    """Who somebody says they are, what is tried with the passphrase, and why it can't succeed if it can't."""

    member: StaffMember | None
    locked: LockedIdentity
    group: LockedIdentity | None
    why: str | None


async def unlock_staff(
    vault: Vault, name: StaffName, passphrase: Secret, *, by: Actor, roles: Collection[Role] = tuple(Role)
) -> Custodian:
    """Return the custodian; `by` is who sits there, as far as that is known.

    Raise `AccessDenied` alike, and log why, for a wrong name, passphrase or role, and for who has left. The
    passphrase is normalised already (`keys.passwords.normalise`).
    """
    async with vault.reading() as rows:
        who = await _presented(vault, rows, name, roles)
    opened = await _open(vault, who, passphrase)
    if who.member is None or who.why is not None or opened is None:
        await _record_refusal(vault, who, by)
        raise AccessDenied("name, passphrase or role are not right for this")
    actor = Actor(f"staff:{who.member.id}", who.member.name, by.channel, by.address)
    return Custodian(who.member, actor, *opened)


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
        shared = member.group
        group = await identities.current(vault, rows, Owner.GROUP, shared) if shared else None
        return _Presented(member, person, group, None)
    decoy = await identities.current(vault, rows, Owner.CUSTOMER, identities.DECOY)
    return _Presented(member, decoy, None, why)


async def _open(
    vault: Vault, who: _Presented, passphrase: Secret
) -> tuple[HybridIdentity, tuple[HybridIdentity, ...]] | None:
    """Return the person's identity and the group's; None for a passphrase that opens nothing, or no more."""
    try:
        locked = await identities.locked_bytes(vault, who.locked)
        own = await vault.passwords.unlock(locked, passphrase, trusted=True)
        return own, (await identities.unlock(vault, who.group, [own]),) if who.group else ()
    except (NoMatchingIdentity, SlotDestroyed):
        return None


async def _record_refusal(vault: Vault, who: _Presented, by: Actor) -> None:
    facts = {"staff": who.member.id if who.member else "unknown", "why": who.why or "passphrase"}
    async with vault.unit_of_work() as work:
        await work.log.append(AuditEvent(Action.PASSWORD_REFUSED, by, outcome=Outcome.REFUSED, facts=facts))
        await work.commit()
