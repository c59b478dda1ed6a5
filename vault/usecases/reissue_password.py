"""Issue a customer a new retrieval password; the old one and its sessions are dead from that moment."""

from __future__ import annotations

from keys.age import PasswordRecipient
from keys.passwords import issue_password
from keys.secret import Secret
from vault.domain.event import Action, AuditEvent
from vault.domain.names import CustomerName
from vault.domain.staff import Group, Owner, Role
from vault.errors import AccessDenied
from vault.ports.vault import Vault
from vault.sealing import groups, identities
from vault.usecases.end_session import end_sessions
from vault.usecases.find_party import find_customer
from vault.usecases.unlock_staff import Custodian

_WHO_MAY = (Role.DPO, Role.TECH_MANAGER)


async def reissue_password(vault: Vault, custodian: Custodian, name: CustomerName) -> Secret:
    """Return the new password; a DPO's or tech manager's key opens the customer's identity for it.

    Raise `NotFound` for the customer, `AccessDenied` for another role.
    """
    if custodian.member.role not in _WHO_MAY:
        raise AccessDenied("a DPO or tech manager does this", why="role")
    now = vault.clock.now()
    async with vault.reading() as rows:
        customer = await find_customer(rows, name)
        old = await identities.current(vault, rows, Owner.CUSTOMER, customer.id)
        epoch = await rows.renewals.epoch()
        to = await identities.group_recipients(vault, rows, Group.DPO_OFFICE, Group.TECH_MANAGERS)
    identity = await identities.unlock(vault, old, custodian.identities)
    password = issue_password()
    locked = await identities.lock(
        identity,
        [PasswordRecipient(password), *to],
        owner=Owner.CUSTOMER,
        owner_id=customer.id,
        generation=old.generation,
    )
    issued = AuditEvent(Action.PASSWORD_ISSUED, custodian.actor, facts={"customer": customer.id})
    async with vault.unit_of_work() as work:
        await groups.must_be_unchanged(work, epoch)
        old = await identities.current(vault, work, Owner.CUSTOMER, customer.id)  # reissued meanwhile, maybe
        sessions = await end_sessions(vault, work, await work.sessions.of_customer(customer.id), now)
        await identities.keep_again(vault, work, locked, old, now)
        await work.log.append(issued)
        await work.commit()
    await vault.slots.destroy([*sessions, *([old.slot] if old.slot is not None else [])])
    return password
