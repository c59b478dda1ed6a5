"""List customers, or show one; both are on the log before they return."""

from __future__ import annotations

from collections.abc import Sequence

from vault.domain.customer import Customer
from vault.domain.event import Action, Actor
from vault.domain.names import CustomerName
from vault.ports.vault import Vault
from vault.usecases.find_party import find_customer
from vault.usecases.record_reading import record_reading


async def list_customers(vault: Vault, *, by: Actor) -> Sequence[Customer]:
    """Return every customer, by name."""
    async with vault.reading() as rows:
        customers = await rows.customers.all()
    await record_reading(vault, Action.CUSTOMER_LISTED, by, count=len(customers))
    return customers


async def show_customer(vault: Vault, name: CustomerName, *, by: Actor) -> Customer:
    """Return one customer; raise `NotFound`."""
    async with vault.reading() as rows:
        customer = await find_customer(rows, name)
    await record_reading(vault, Action.CUSTOMER_LISTED, by, count=1, customer=customer.id)
    return customer
