"""Revoke a grant: its slot is destroyed, so neither password nor person opens anything by it."""

from __future__ import annotations

from vault.domain.event import Actor
from vault.domain.grant import Grant, GrantState
from vault.ports.vault import Vault
from vault.usecases.end_grants import end_grants


async def revoke_grant(vault: Vault, prefix: str, *, by: Actor) -> Grant:
    """Return it revoked; raise `NotFound`, `Ambiguous`, or `Closed` for one that has ended already."""
    now = vault.clock.now()
    async with vault.unit_of_work() as work:
        grant = await work.grants.find(prefix)
        slots = await end_grants(vault, work, [grant], GrantState.REVOKED, now, by=by)
        await work.commit()
    await vault.slots.destroy(slots)
    return grant.end(GrantState.REVOKED, now)
