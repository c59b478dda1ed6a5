"""Add a person to the staff: an identity of their own, and the group's locked to it."""

from __future__ import annotations

from collections.abc import Mapping

from keys.age import HybridIdentity, HybridRecipient, PasswordRecipient
from keys.passwords import issue_password
from keys.secret import Secret
from vault.audit.entry import Entry
from vault.domain.event import Action, AuditEvent, Outcome
from vault.domain.names import StaffId, StaffName, new_id
from vault.domain.staff import Group, Owner, Role, StaffMember
from vault.errors import LogCorrupt
from vault.ports.database import Repositories
from vault.ports.log import EventFilter
from vault.ports.vault import Vault
from vault.sealing import groups, identities
from vault.usecases.unlock_staff import Custodian

_MOST_PEOPLE = 10_000


async def add_staff(
    vault: Vault, custodian: Custodian, name: StaffName, role: Role
) -> tuple[StaffMember, Secret]:
    """Return the person and the passphrase, which is kept nowhere. A DPO's alone.

    Raise `AccessDenied`, `NameTaken`, `Conflict` when the group changed in the same moment, or `LogCorrupt`
    when somebody's role in the database is not the one on the log.
    """
    custodian.must_be_dpo()
    passphrase, own = issue_password(), HybridIdentity.generate()
    member = StaffMember(StaffId(new_id()), name, role, vault.clock.now())
    locked = await identities.lock(
        own, [PasswordRecipient(passphrase)], owner=Owner.STAFF, owner_id=member.id
    )
    joined = await _joined(vault, custodian, member.group, own.recipient) if member.group else None
    facts = {"staff": member.id, "role": role}
    async with vault.unit_of_work() as work:
        await work.staff.add(member)
        await identities.keep(vault, work, locked, member.added_at)
        if joined is not None:
            await groups.keep_relocked(vault, work, joined, member.added_at)
        await work.log.append(
            AuditEvent(Action.STAFF_ADDED, custodian.actor, facts=facts, detail={"staff": name})
        )
        await work.log.append(AuditEvent(Action.PASSWORD_ISSUED, custodian.actor, facts={"staff": member.id}))
        await work.commit()
    if joined is not None and joined.old.slot is not None:
        await vault.slots.destroy([joined.old.slot])
    return member, passphrase


async def _joined(
    vault: Vault, custodian: Custodian, group: Group, newcomer: HybridRecipient
) -> groups.Relocked:
    """Lock the group's identity to its people and the newcomer."""
    async with vault.reading() as rows:
        identity = await groups.open_group(vault, rows, group, custodian.identities)
        people = await _people(vault, rows, group)
        return await groups.relock(vault, rows, group, identity, [*people, newcomer])


async def _people(vault: Vault, rows: Repositories, group: Group) -> list[HybridRecipient]:
    """Return the recipients of a group's people, each in the role in which the log says they were added.

    A writer to the database can't make a manager a DPO, who would be locked to with the next one added.
    """
    roles = await _roles_on_record(rows)
    people = [each for each in await rows.staff.all() if each.group is group and each.removed_at is None]
    for each in people:
        if roles.get(each.id) != each.role:
            raise LogCorrupt(f"{each.name} is a {each.role} in the database, which the log does not say")
    return [await identities.recipient(vault, rows, Owner.STAFF, each.id) for each in people]


async def _roles_on_record(rows: Repositories) -> Mapping[str, object]:
    which = EventFilter(action=Action.STAFF_ADDED, outcome=Outcome.DONE)
    entries = [Entry.decode(each.record) for each in await rows.events.list(which, limit=_MOST_PEOPLE)]
    return {str(entry.facts.get("staff")): entry.facts.get("role") for entry in entries}
