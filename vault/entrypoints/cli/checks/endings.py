"""Whether what waits to be destroyed is to be, by the signed log alone, and what was destroyed is."""

from __future__ import annotations

from collections.abc import AsyncIterator

from vault.entrypoints.cli.checks.check import Check, Level
from vault.ports.vault import Vault
from vault.usecases.finish_shreds import doubtful_shreds
from vault.usecases.reconcile_slots import returned_slots

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
    returned = await returned_slots(vault)
    if returned:
        yield Check(
            Level.FAILURE,
            _PART,
            f"slot {returned[0]}, one of {len(returned)}, lives although it was destroyed: a copy of the "
            "slots was put back, or another machine serves this vault with slots of its own. A start "
            "destroys it",
        )
    if not doubtful and not returned:
        yield Check(Level.OK, _PART, "nothing is to be destroyed but what the signed log says")
