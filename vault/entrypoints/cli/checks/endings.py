"""Whether what waits to be destroyed is to be, by the signed log and not by the database alone."""

from __future__ import annotations

from collections.abc import AsyncIterator

from vault.entrypoints.cli.checks.check import Check, Level
from vault.ports.vault import Vault
from vault.usecases.finish_shreds import doubtful_shreds

_PART = "destruction"
_MOST = 10


async def check_endings(vault: Vault) -> AsyncIterator[Check]:
    """Look for recordings that only a changed database says are to be destroyed: the service leaves them."""
    doubtful = await doubtful_shreds(vault, _MOST)
    for recording in doubtful:
        yield Check(
            Level.FAILURE,
            _PART,
            f"recording {recording} is collected in the database, which the signed log does not bear out: it "
            "was changed by hand, and nothing was destroyed. `callvault audit verify` says more",
        )
    if not doubtful:
        yield Check(Level.OK, _PART, "nothing is to be destroyed but what the signed log says")
