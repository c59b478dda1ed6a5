"""Add a person to the staff: an identity of their own, and the group's locked to it."""

from __future__ import annotations

from keys.age import HybridIdentity, HybridRecipient, PasswordRecipient
from keys.passwords import issue_password
from keys.secret import Secret
from vault.domain.event import Action, AuditEvent
from vault.domain.names import StaffId, StaffName, new_id
from vault.domain.staff import Owner, Role, StaffMember
from vault.ports.vault import Vault
from vault.sealing import groups, identities
from vault.sealing.identities import Unkept
from vault.sealing.terms import terms_fact
from vault.usecases.unlock_staff import Custodian


async def add_staff(
    vault: Vault,
    custodian: Custodian,
    name: StaffName,
    role: Role,
    *,
    recipient: HybridRecipient | None = None,
) -> tuple[StaffMember, Secret | None]:
    """Return the person and the passphrase, which is kept nowhere. A DPO's alone.

    With a `recipient`, the person keeps the identity file that opens for it, and no passphrase is issued.
    Raise `AccessDenied`, `NameTaken`, `Conflict` when the group changed in the same moment, or `LogCorrupt`
    when somebody's role in the database is not the one on the log.
    """
    custodian.must_be_dpo()
    member = StaffMember(StaffId(new_id()), name, role, vault.clock.now())
    own, passphrase = await own_identity(member.id, recipient)
    joined = await _joined(vault, custodian, member, own.recipient)
    facts = {"staff": member.id, "role": role, **terms_fact(vault.keys, member)}
    async with vault.unit_of_work() as work:
        await work.staff.add(member)
        await identities.keep(vault, work, own, member.added_at)
        slots = await groups.keep_relocked(vault, work, joined, member.added_at)
        await work.log.append(
            AuditEvent(Action.STAFF_ADDED, custodian.actor, facts=facts, detail={"staff": name})
        )
        if passphrase is not None:
            await work.log.append(
                AuditEvent(Action.PASSWORD_ISSUED, custodian.actor, facts={"staff": member.id})
            )
        await work.commit()
    await vault.slots.destroy(slots)
    return member, passphrase


async def own_identity(
    owner: StaffId, recipient: HybridRecipient | None, *, generation: int = 1
) -> tuple[Unkept, Secret | None]:
    """Return a person's identity, not kept yet: a new one with its passphrase, or the one that they keep."""
    if recipient is not None:
        return identities.kept_by_owner(recipient, owner_id=owner, generation=generation), None
    passphrase = issue_password()
    locked = await identities.lock(
        HybridIdentity.generate(),
        [PasswordRecipient(passphrase)],
        owner=Owner.STAFF,
        owner_id=owner,
        generation=generation,
    )
    return locked, passphrase


async def _joined(
    vault: Vault, custodian: Custodian, member: StaffMember, newcomer: HybridRecipient
) -> list[groups.Relocked]:
    """Lock the identities of the newcomer's group to its people and the newcomer; a manager has no group."""
    if member.group is None:
        return []
    async with vault.reading() as rows:
        opened = await groups.open_living(vault, rows, member.group, custodian.identities)
        people = await groups.people(vault, rows, member.group)
        above = await groups.above(vault, rows, member.group)
    return await groups.relock(opened, [*people, newcomer, above])
