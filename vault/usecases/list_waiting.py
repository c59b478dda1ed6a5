"""Show a customer what waits for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vault.domain.call import CallDetails
from vault.domain.recording import Recording, RecordingState
from vault.ports.repositories import RecordingFilter
from vault.ports.vault import Vault
from vault.sealing import details as sealed_details
from vault.usecases.authenticate import Visitor


@dataclass(frozen=True, slots=True)
class Listed:
    """A recording with its call details, if those were not erased."""

    recording: Recording
    details: CallDetails


async def list_waiting(
    vault: Vault, visitor: Visitor, *, before: int | None = None, limit: int = 100
) -> Sequence[Listed]:
    """Return what the visitor may collect, newest first; the next page is `before` the last `log_index`."""
    which = RecordingFilter(
        customer=visitor.customer.id,
        states=(RecordingState.WAITING, RecordingState.RETAINED),
        ids=visitor.session.recordings,
    )
    async with vault.reading() as rows:
        recordings = await rows.recordings.list(which, before=before, limit=limit)
        found = await sealed_details.read(vault, rows, recordings)
    return [Listed(recording, found.get(recording.id, CallDetails())) for recording in recordings]
