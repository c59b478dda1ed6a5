"""Find customers and sources by the names that people know them by."""

from __future__ import annotations

from vault.domain.customer import Customer
from vault.domain.names import CustomerName, SourceName
from vault.domain.source import Source
from vault.errors import NotFound
from vault.ports.database import Repositories


async def find_customer(rows: Repositories, name: CustomerName) -> Customer:
    """Return the customer of that name; raise `NotFound`."""
    customer = await rows.customers.get(name)
    if customer is None:
        raise NotFound(f"no customer is called {name}")
    return customer


async def find_source(rows: Repositories, name: SourceName) -> Source:
    """Return the source of that name; raise `NotFound`."""
    source = await rows.sources.get(name)
    if source is None:
        raise NotFound(f"no source is called {name}")
    return source
