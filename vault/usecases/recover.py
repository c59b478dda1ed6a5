"""Finish at start what a crash left, before any door opens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vault.domain.names import RecordingId
from vault.ports.vault import Vault
from vault.sealing.signed_log import signed_head
from vault.usecases.check_rollback import check_rollback
from vault.usecases.finish_shreds import finish_shreds
from vault.usecases.reconcile_slots import reconcile_slots


@dataclass(frozen=True, slots=True)
class Recovery:
    """What could not be mended, and somebody should know.

    `doubtful` are recordings that the database alone says are to be destroyed: it was changed by hand, and
    they stay as they are. `damage` to slots is told in words.
    """

    doubtful: Sequence[RecordingId]
    damage: Sequence[str]


async def recover(vault: Vault) -> Recovery:
    """Check the log against its signed past, keep its head, zero again what is destroyed, finish shreds.

    Raise `LogBehind` first of all: an older database must not decide what is destroyed. Raise `LogCorrupt`
    where a changed one would destroy what lives.
    """
    await check_rollback(vault)
    await _keep_head(vault)
    slots = await reconcile_slots(vault)
    return Recovery((await finish_shreds(vault)).doubtful, slots.damage)


async def _keep_head(vault: Vault) -> None:
    """Keep beside the slots what was signed last: a crash after a commit left an earlier checkpoint there."""
    signed = await vault.read(lambda rows: signed_head(vault, rows))
    await vault.slots.write_head(signed.sign(vault.keys.signer), signed.size)
