"""Chores: each runs again and again while the service does, within a limit of time, and never ends it.

What goes wrong in a chore is logged and tried again at its next turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from keys.errors import KeysError
from vault.errors import VaultError
from vault.ports.vault import Vault
from vault.usecases.anchor_log import anchor_when_due
from vault.usecases.delete_blobs import delete_queued_blobs
from vault.usecases.end_grants import end_expired_grants
from vault.usecases.end_session import end_expired_sessions
from vault.usecases.finish_shreds import finish_shreds_or_tell
from vault.usecases.reconcile_slots import destroy_left_slots
from vault.usecases.sum_up_guesses import count_stopped_guesses, sum_up_guesses
from vault.usecases.sweep_blobs import BlobSweep
from vault.usecases.watch_head import HeadWatch

log = structlog.get_logger("callvault.housekeeping")


@dataclass(frozen=True, slots=True)
class Chore:
    """A use case with its rhythm: `every_seconds` between two turns, `most_seconds` for one."""

    name: str
    work: Callable[[Vault], Awaitable[object]]
    every_seconds: float
    most_seconds: float = 300.0


SUPERVISOR_CHORES: Sequence[Chore] = (
    Chore("delete queued blobs", delete_queued_blobs, every_seconds=1),
    Chore("finish shreds", finish_shreds_or_tell, every_seconds=5),
    Chore("watch the signed head", HeadWatch(), every_seconds=60),
    Chore("destroy left slots", destroy_left_slots, every_seconds=3600, most_seconds=3600),
    Chore("end expired sessions", end_expired_sessions, every_seconds=60),
    Chore("end expired grants", end_expired_grants, every_seconds=10),
    Chore("sum up guesses", sum_up_guesses, every_seconds=60),
    # So that the headers of shredded recordings vanish from the database's files, not only from its tables.
    Chore("tidy the database", lambda vault: vault.database.tidy(), every_seconds=60),
    Chore("anchor the log", anchor_when_due, every_seconds=3600),
    Chore("sweep blobs", BlobSweep(), every_seconds=3600, most_seconds=3600),
)
WORKER_CHORES: Sequence[Chore] = (
    # Counted in a worker's memory, so each worker writes its own.
    Chore("count stopped guesses", count_stopped_guesses, every_seconds=10),
)


async def keep_house(vault: Vault, chores: Sequence[Chore]) -> None:
    """Do the chores until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        for chore in chores:
            tasks.create_task(_repeat(vault, chore), name=chore.name)


async def do_once(vault: Vault, chore: Chore) -> None:
    """Give a chore one turn; whatever goes wrong is logged."""
    try:
        async with asyncio.timeout(chore.most_seconds):
            await chore.work(vault)
    except (VaultError, KeysError) as error:
        log.warning("chore failed", chore=chore.name, code=error.code, why=str(error))
    except Exception as error:
        log.error("chore failed", chore=chore.name, exc_info=error)  # noqa: TRY400 - places, never the text


async def _repeat(vault: Vault, chore: Chore) -> None:
    while True:
        await do_once(vault, chore)
        await asyncio.sleep(chore.every_seconds)
