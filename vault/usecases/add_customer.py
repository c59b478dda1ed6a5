"""Add a customer, with the reference of its recording agreement and its first retrieval password."""

from __future__ import annotations

from keys.age import HybridIdentity, PasswordRecipient
from keys.passwords import issue_password
from keys.secret import Secret
from vault.domain.customer import Customer, parse_agreement, parse_line
from vault.domain.event import Action, Actor, AuditEvent
from vault.domain.names import CustomerId, CustomerName, new_id
from vault.domain.staff import Group, Owner
from vault.ports.vault import Vault
from vault.sealing import groups, identities
from vault.sealing.terms import terms_fact


async def add_customer(
    vault: Vault,
    name: CustomerName,
    *,
    agreement: str,
    by: Actor,
    title: str | None = None,
    email: str | None = None,
) -> tuple[Customer, Secret]:
    """Return the customer and its retrieval password, which is kept nowhere.

    Raise `NameTaken`, `Invalid` without an agreement or for a title or address of more than a line, or
    `Conflict` when keys were rotated at that moment.
    """
    reference = parse_agreement(agreement)
    password, identity = issue_password(), HybridIdentity.generate()
    now = vault.clock.now()
    customer = Customer(CustomerId(new_id()), name, reference, now, parse_line(title), parse_line(email))
    async with vault.reading() as rows:
        epoch = await rows.renewals.epoch()
        to = await identities.group_recipients(vault, rows, Group.DPO_OFFICE, Group.TECH_MANAGERS)
    locked = await identities.lock(
        identity, [PasswordRecipient(password), *to], owner=Owner.CUSTOMER, owner_id=customer.id
    )
    async with vault.unit_of_work() as work:
        await groups.must_be_unchanged(work, epoch)
        await work.customers.add(customer)
        await identities.keep(vault, work, locked, now)
        await work.log.append(
            AuditEvent(
                Action.CUSTOMER_ADDED,
                by,
                facts={"customer": customer.id, **terms_fact(vault.keys, customer)},
                detail={"customer": name, "agreement": customer.agreement},
            )
        )
        await work.log.append(AuditEvent(Action.PASSWORD_ISSUED, by, facts={"customer": customer.id}))
        await work.commit()
    return customer, password
