"""List legal holds; on the log before it returns."""

from __future__ import annotations

from collections.abc import Sequence

from vault.domain.event import Action, Actor
from vault.domain.hold import LegalHold
from vault.ports.vault import Vault
from vault.usecases.record_reading import record_reading


async def list_holds(vault: Vault, *, by: Actor, in_force: bool = True) -> Sequence[LegalHold]:
    """Return the holds in force, or all of them, newest first."""
    async with vault.reading() as rows:
        holds = await rows.holds.all(in_force=in_force)
    await record_reading(vault, Action.HOLD_LISTED, by, count=len(holds))
    return holds
