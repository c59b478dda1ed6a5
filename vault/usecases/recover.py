"""Finish at start what a crash left, before any door opens."""

from __future__ import annotations

from dataclasses import dataclass

from vault.ports.vault import Vault
from vault.usecases.check_rollback import check_rollback
from vault.usecases.finish_shreds import finish_shreds
from vault.usecases.reconcile_slots import reconcile_slots


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was found: slots that had to be zeroed again, shreds that were finished, shreds that wait.

    `doubtful` tells of what the database alone says is to be destroyed: it was changed by hand, and all that
    stays as it is.
    """

    slots_repaired: int
    shreds_finished: int
    shreds_pending: int
    doubtful: tuple[str, ...] = ()


async def recover(vault: Vault) -> Recovery:
    """Check the log against its signed past, zero again what is destroyed, finish shreds.

    Raise `LogBehind` first of all: an older database must not decide what is destroyed.
    Raise `LogCorrupt` where a changed one would destroy what lives.
    """
    await check_rollback(vault)
    slots = await reconcile_slots(vault)
    shreds = await finish_shreds(vault)
    doubtful = [f"slot {number}" for number in slots.doubtful]
    doubtful += [f"recording {recording}" for recording in shreds.doubtful]
    return Recovery(slots.repaired, shreds.done, shreds.waiting, tuple(doubtful))
