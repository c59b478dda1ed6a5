"""List the links by which customers collect; on the log before it returns."""

from __future__ import annotations

from collections.abc import Sequence

from vault.domain.access import Link
from vault.domain.event import Action, Actor
from vault.domain.names import CustomerName
from vault.ports.vault import Vault
from vault.usecases.find_party import find_customer
from vault.usecases.record_reading import record_reading


async def list_links(vault: Vault, customer: CustomerName | None = None, *, by: Actor) -> Sequence[Link]:
    """Return every link, or a customer's, newest first; raise `NotFound` for the customer."""
    async with vault.reading() as rows:
        owner = (await find_customer(rows, customer)).id if customer is not None else None
        links = await rows.links.all(owner)
    await record_reading(vault, Action.LINK_LISTED, by, count=len(links), customer=owner)
    return links
