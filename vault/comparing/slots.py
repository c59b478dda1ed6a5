"""Slots that the database calls destroyed, held against what lies under them still."""

from __future__ import annotations

from vault.ports.database import Repositories
from vault.ports.vault import Vault


async def compare_slots(vault: Vault, rows: Repositories) -> list[str]:
    """Return every living slot that is called destroyed, and under which something lives."""
    return [
        f"slot {number}: it is called destroyed, but something lives under it"
        async for batch in rows.slots.destroyed()
        for number in await rows.slots.in_use(await vault.slots.survivors(batch))
    ]
