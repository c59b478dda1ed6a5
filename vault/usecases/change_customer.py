"""Change what a customer instructed, or close it."""

from __future__ import annotations

from dataclasses import replace

from vault.domain.customer import Customer, parse_agreement, parse_line
from vault.domain.event import Action, Actor, AuditEvent
from vault.domain.names import CustomerName
from vault.errors import Invalid
from vault.ports.vault import Vault
from vault.sealing.terms import terms_fact
from vault.usecases.find_party import find_customer


async def change_customer(
    vault: Vault,
    name: CustomerName,
    *,
    by: Actor,
    title: str | None = None,
    email: str | None = None,
    agreement: str | None = None,
    delete_on_collection: bool | None = None,
    instructed_by: str | None = None,
) -> Customer:
    """Return the customer with what is given changed; what is None stays.

    Deletion on collection changes by the customer's instruction only: `instructed_by` says whose.
    """
    if delete_on_collection is not None and not instructed_by:
        raise Invalid("deletion on collection changes by the customer's instruction: say who instructed it")
    given: dict[str, str | bool | None] = {
        "title": parse_line(title),
        "email": parse_line(email),
        "agreement": None if agreement is None else parse_agreement(agreement),
        "delete_on_collection": delete_on_collection,
    }
    changes = {field: value for field, value in given.items() if value is not None}
    async with vault.unit_of_work() as work:
        customer = await find_customer(work, name)
        customer.must_be_open()
        changed = replace(customer, **changes)  # type: ignore[arg-type]  # the keys are its fields
        await work.customers.save(changed)
        facts: dict[str, str | int | bool] = {"customer": customer.id, "fields": ",".join(sorted(changes))}
        if delete_on_collection is not None:
            facts["delete_on_collection"] = delete_on_collection
        facts |= terms_fact(vault.keys, changed)
        detail = {"instructed_by": instructed_by} if instructed_by else {}
        await work.log.append(AuditEvent(Action.CUSTOMER_CHANGED, by, facts=facts, detail=detail))
        await work.commit()
    return changed


async def close_customer(vault: Vault, name: CustomerName, *, by: Actor) -> Customer:
    """Return the customer closed: its sources upload no more, what waits can still be collected."""
    async with vault.unit_of_work() as work:
        closed = (await find_customer(work, name)).close(vault.clock.now())
        await work.customers.save(closed)
        await work.log.append(AuditEvent(Action.CUSTOMER_CLOSED, by, facts={"customer": closed.id}))
        await work.commit()
    return closed
