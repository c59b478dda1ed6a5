"""Put on record that the slots have one more mirror."""

from __future__ import annotations

from vault.domain.event import Action, Actor, AuditEvent
from vault.ports.vault import Vault


async def record_mirror(vault: Vault, path: str, *, by: Actor) -> None:
    """Log the new mirror; its path lies in the detail row."""
    async with vault.unit_of_work() as work:
        await work.log.append(AuditEvent(Action.MIRROR_ADDED, by, detail={"path": path}))
        await work.commit()
