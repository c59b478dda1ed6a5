"""People of the staff, added to any vault by a DPO: until `staff add` does it, tests do."""

from __future__ import annotations

from keys.age import HybridIdentity, HybridRecipient, PasswordRecipient
from keys.passwords import issue_password
from keys.secret import Secret
from vault.domain.event import SERVICE
from vault.domain.names import StaffId, StaffName, new_id
from vault.domain.staff import Group, Owner, Role, StaffMember
from vault.ports.vault import Vault
from vault.sealing import identities
from vault.usecases.unlock_staff import Custodian, unlock_staff

_DANA = StaffName("dana")


async def dana(vault: Vault, passphrase: Secret | str) -> Custodian:
    """Return the first DPO, unlocked."""
    given = passphrase if isinstance(passphrase, Secret) else Secret(passphrase.encode())
    return await unlock_staff(vault, _DANA, given, by=SERVICE)


async def add_person(vault: Vault, dpo: Custodian, name: str, role: Role) -> Secret:
    """Add somebody, who joins the group of that role; return the passphrase."""
    passphrase, own = issue_password(), HybridIdentity.generate()
    member = StaffMember(StaffId(new_id()), StaffName(name), role, vault.clock.now())
    new = await identities.lock(own, [PasswordRecipient(passphrase)], owner=Owner.STAFF, owner_id=member.id)
    async with vault.unit_of_work() as work:
        await work.staff.add(member)
        await identities.keep(vault, work, new, member.added_at)
        await work.commit()
    if member.group is not None:
        await _relock(vault, dpo, member.group)
    return passphrase


async def custodian(vault: Vault, dpo: Custodian, name: str, role: Role) -> Custodian:
    """Add somebody and unlock them."""
    passphrase = await add_person(vault, dpo, name, role)
    return await unlock_staff(vault, StaffName(name), passphrase, by=SERVICE)


async def _relock(vault: Vault, dpo: Custodian, group: Group) -> None:
    """Lock the group's identity to everybody who is in it now."""
    async with vault.reading() as rows:
        old = await identities.current(vault, rows, Owner.GROUP, group)
        members = [each for each in await rows.staff.all() if each.group is group]
        people = [await identities.recipient(vault, rows, Owner.STAFF, each.id) for each in members]
        beside = await _beside(vault, dpo, group)
    identity = (
        dpo.identities[0]
        if group is Group.DPO_OFFICE
        else await identities.unlock(vault, old, dpo.identities)
    )
    new = await identities.lock(identity, [*people, *beside], owner=Owner.GROUP, owner_id=group)
    async with vault.unit_of_work() as work:
        await identities.keep_again(vault, work, new, old, vault.clock.now())
        await work.commit()
    assert old.slot is not None
    await vault.slots.destroy([old.slot])


async def _beside(vault: Vault, dpo: Custodian, group: Group) -> list[HybridRecipient]:
    if group is Group.TECH_MANAGERS:
        return [dpo.identities[0].recipient]
    async with vault.reading() as rows:
        return [await identities.recipient(vault, rows, Owner.RECOVERY, "1")]
