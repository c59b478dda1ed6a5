"""Say what waits and what is due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vault.domain.recording import RecordingState
from vault.ports.vault import Vault


@dataclass(frozen=True, slots=True)
class Status:
    """Recordings by state as (count, plaintext bytes); what is still to be done; the log's size."""

    recordings: Mapping[RecordingState, tuple[int, int]]
    blobs_to_delete: int
    log_size: int
    customers: int
    sources: int


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
        )
