"""Say what waits and what is due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from vault.audit.entry import Entry
from vault.domain.recording import RecordingState
from vault.ports.vault import Vault


@dataclass(frozen=True, slots=True)
class Status:
    """Recordings by state as (count, plaintext bytes); what is still to be done; the log's size.

    `to_seal_anew` counts what rotations of keys left.
    """

    recordings: Mapping[RecordingState, tuple[int, int]]
    blobs_to_delete: int
    log_size: int
    customers: int
    sources: int
    to_seal_anew: int


async def report_status(vault: Vault) -> Status:
    """Return the state of the vault at a glance."""
    async with vault.reading() as rows:
        counts = await rows.recordings.counts()
        return Status(
            recordings={state: counts.get(state, (0, 0)) for state in RecordingState},
            blobs_to_delete=await rows.blob_deletions.waiting(),
            log_size=await rows.events.size(),
            customers=len(await rows.customers.all()),
            sources=len(await rows.sources.all()),
            to_seal_anew=sum(renewal.left for renewal in await rows.renewals.unfinished()),
        )


async def newest_entry_time(vault: Vault) -> datetime | None:
    """Return the time of the log's newest entry: no clock of this vault may be behind it."""
    async with vault.reading() as rows:
        newest = await rows.events.entry(await rows.events.size() - 1)
    return None if newest is None else Entry.decode(newest.record).time
