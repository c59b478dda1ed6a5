"""Whether rotated keys are done with: what lies is sealed to the new ones."""

from __future__ import annotations

from collections.abc import AsyncIterator

from vault.entrypoints.cli.checks.check import Check, Level
from vault.ports.vault import Vault
from vault.usecases.list_renewals import list_renewals

_PART = "keys"


async def check_renewals(vault: Vault) -> AsyncIterator[Check]:
    """Look for renewals that were begun and are not finished."""
    unfinished = await list_renewals(vault)
    for renewal in unfinished:
        yield Check(
            Level.WARNING,
            _PART,
            f"{renewal.owner_id}: {renewal.left} of {renewal.total} are sealed to the old key still: "
            "a DPO goes on with `callvault keys resume`",
        )
    if not unfinished:
        yield Check(Level.OK, _PART, "nothing is left to be sealed anew")
