"""Issue a customer a new retrieval password; the old one and its sessions are dead from that moment."""

from __future__ import annotations

from keys.age import PasswordRecipient
from keys.errors import NoMatchingIdentity
from keys.passwords import issue_password
from keys.secret import Secret
from vault.domain.event import Action, Actor, AuditEvent, Outcome
from vault.domain.names import CustomerName, StaffName
from vault.domain.staff import Group, Owner, Role
from vault.errors import AccessDenied
from vault.ports.vault import Vault
from vault.sealing import identities
from vault.usecases.change_customer import find_customer
from vault.usecases.end_session import end_sessions

_GROUP_OF = {Role.DPO: Group.DPO_OFFICE, Role.TECH_MANAGER: Group.TECH_MANAGERS}


async def reissue_password(
    vault: Vault, name: CustomerName, *, staff: StaffName, passphrase: Secret, by: Actor
) -> Secret:
    """Return the new password. A DPO's or tech manager's passphrase opens the customer's identity for it.

    Raise `NotFound` for the customer, `AccessDenied` for anything wrong with the person.
    """
    now = vault.clock.now()
    async with vault.reading() as rows:
        customer = await find_customer(rows, name)
        member = await rows.staff.get(staff)
        if member is None or member.removed_at is not None or member.role not in _GROUP_OF:
            raise AccessDenied(f"{staff} is no DPO or tech manager with that passphrase")
        person = await identities.current(vault, rows, Owner.STAFF, member.id)
        group = await identities.current(vault, rows, Owner.GROUP, _GROUP_OF[member.role])
        old = await identities.current(vault, rows, Owner.CUSTOMER, customer.id)
        groups = await identities.group_recipients(vault, rows, Group.DPO_OFFICE, Group.TECH_MANAGERS)
    try:
        own = await vault.passwords.unlock(
            await identities.locked_bytes(vault, person), passphrase, trusted=True
        )
        shared = await identities.unlock(vault, group, [own])
    except NoMatchingIdentity:
        await _record_refusal(vault, by, member.id)
        raise AccessDenied(f"{staff} is no DPO or tech manager with that passphrase") from None
    identity = await identities.unlock(vault, old, [shared])
    password = issue_password()
    locked = await identities.lock(
        identity,
        [PasswordRecipient(password), *groups],
        owner=Owner.CUSTOMER,
        owner_id=customer.id,
        generation=old.generation,
    )
    async with vault.unit_of_work() as work:
        old = await identities.current(vault, work, Owner.CUSTOMER, customer.id)  # reissued meanwhile, maybe
        sessions = await end_sessions(work, await work.sessions.of_customer(customer.id), now)
        await identities.keep_again(vault, work, locked, old, now)
        await work.log.append(AuditEvent(Action.PASSWORD_ISSUED, by, facts={"customer": customer.id}))
        await work.commit()
    await vault.slots.destroy([*sessions, *([old.slot] if old.slot is not None else [])])
    return password


async def _record_refusal(vault: Vault, by: Actor, staff: str) -> None:
    async with vault.unit_of_work() as work:
        await work.log.append(
            AuditEvent(Action.PASSWORD_REFUSED, by, outcome=Outcome.REFUSED, facts={"staff": staff})
        )
        await work.commit()
