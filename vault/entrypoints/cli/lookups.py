"""Names for ids, and ids for names, as several commands need them."""

from __future__ import annotations

from collections.abc import Mapping

from vault.domain.names import CustomerId, CustomerName, RecordingId, SourceId, SourceName, StaffName
from vault.entrypoints.cli.opening import system_actor_id
from vault.ports.database import Repositories
from vault.ports.vault import Vault
from vault.usecases.add_source import find_source
from vault.usecases.change_customer import find_customer


async def customer_names(rows: Repositories) -> Mapping[str, str]:
    """Return the name of every customer by id."""
    return {customer.id: customer.name for customer in await rows.customers.all()}


async def source_names(rows: Repositories) -> Mapping[str, str]:
    """Return the name of every source by id."""
    return {source.id: source.name for source in await rows.sources.all()}


async def customer_id(rows: Repositories, name: str | None) -> CustomerId | None:
    """Return the customer's id, None for no name; raise `NotFound`."""
    return None if name is None else (await find_customer(rows, CustomerName(name))).id


async def source_id(rows: Repositories, name: str | None) -> SourceId | None:
    """Return the source's id, None for no name; raise `NotFound`."""
    return None if name is None else (await find_source(rows, SourceName(name))).id


async def recording_id(rows: Repositories, prefix: str | None) -> RecordingId | None:
    """Return the id that begins so, None for no prefix; raise `NotFound` or `Ambiguous`."""
    return None if prefix is None else await rows.recordings.find(prefix)


async def actor_id(vault: Vault, rows: Repositories, name: str | None) -> str | None:
    """Return the id under which the log knows somebody: staff, customer, source, or a user of this machine.

    What holds a colon is an id already.
    """
    if name is None or ":" in name or name == "service":
        return name
    if member := await rows.staff.get(StaffName(name)):
        return f"staff:{member.id}"
    if customer := await rows.customers.get(CustomerName(name)):
        return f"customer:{customer.id}"
    if source := await rows.sources.get(SourceName(name)):
        return f"source:{source.id}"
    return system_actor_id(vault, name)
