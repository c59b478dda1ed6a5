"""Finish at start what a crash left, before any door opens."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from keys.errors import SlotsUnavailable
from vault.domain.event import SERVICE
from vault.ports.vault import Vault
from vault.usecases.check_rollback import check_rollback
from vault.usecases.reconcile_slots import reconcile_slots
from vault.usecases.shred import finish_shred

_BATCH = 100


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was found: slots that had to be zeroed again, shreds that were finished, shreds that wait."""

    slots_repaired: int
    shreds_finished: int
    shreds_pending: int


async def recover(vault: Vault) -> Recovery:
    """Check the log against its signed past, zero again what is destroyed, finish shreds.

    Raise `LogBehind` first of all: an older database must not decide what is destroyed.
    Raise `LogCorrupt` where a changed one would destroy what lives.
    """
    await check_rollback(vault)
    repaired = await reconcile_slots(vault)
    finished, pending = await finish_shreds(vault)
    return Recovery(repaired, finished, pending)


async def finish_shreds(vault: Vault) -> tuple[int, int]:
    """Finish the recordings that are collected and not shredded; return how many are done, how many wait."""
    async with vault.reading() as rows:
        unfinished = await rows.recordings.unfinished(_BATCH)
    done = 0
    for recording in unfinished:
        with suppress(SlotsUnavailable):  # one that can't be destroyed yet must not keep the others waiting
            done += await finish_shred(vault, recording.id, by=SERVICE) is not None
    return done, len(unfinished) - done
