"""Give a customer a new identity and a new password: what waits for it is renewed by `renew_seals`."""

from __future__ import annotations

from keys.age import HybridIdentity, PasswordRecipient
from keys.passwords import issue_password
from keys.secret import Secret
from vault.domain.event import Action, AuditEvent
from vault.domain.names import CustomerName
from vault.domain.staff import Group, Owner
from vault.ports.vault import Vault
from vault.sealing import groups, identities
from vault.usecases.end_session import end_sessions
from vault.usecases.find_party import find_customer
from vault.usecases.rotate_keys import begin_renewal
from vault.usecases.unlock_staff import Custodian


async def rotate_customer(vault: Vault, custodian: Custodian, name: CustomerName) -> Secret:
    """Return the new retrieval password. The old identity, its password and its sessions end at once.

    A DPO's alone. Until the renewal is finished the customer can't open what was not renewed yet. Raise
    `AccessDenied`, `NotFound`, or `Conflict` when keys changed in the same moment.
    """
    custodian.must_be_dpo()
    async with vault.reading() as rows:
        epoch = await rows.renewals.epoch()
        customer = await find_customer(rows, name)
        old = await identities.current(vault, rows, Owner.CUSTOMER, customer.id)
        to = await identities.group_recipients(vault, rows, Group.DPO_OFFICE, Group.TECH_MANAGERS)
    password, now = issue_password(), vault.clock.now()
    new = await identities.lock(
        HybridIdentity.generate(),
        [PasswordRecipient(password), *to],
        owner=Owner.CUSTOMER,
        owner_id=customer.id,
        generation=old.generation + 1,
    )
    async with vault.unit_of_work() as work:
        await groups.must_be_unchanged(work, epoch)
        old = await identities.current(vault, work, Owner.CUSTOMER, customer.id)  # reissued meanwhile, maybe
        slots = await end_sessions(vault, work, await work.sessions.of_customer(customer.id), now)
        slots += await identities.retire(vault, work, old, now)
        await identities.keep(vault, work, new, now)
        await begin_renewal(vault, work, new, now, by=custodian.actor)
        issued = AuditEvent(Action.PASSWORD_ISSUED, custodian.actor, facts={"customer": customer.id})
        await work.log.append(issued)
        await work.commit()
    await vault.slots.destroy(slots)
    return password
