"""Tell which renewals are not finished."""

from __future__ import annotations

from collections.abc import Sequence

from vault.domain.renewal import Renewal
from vault.ports.vault import Vault


async def list_renewals(vault: Vault) -> Sequence[Renewal]:
    """Return those that are not finished, the oldest first."""
    async with vault.reading() as rows:
        return await rows.renewals.unfinished()
