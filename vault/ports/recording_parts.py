"""What lies beside recordings, read in runs: to be held against the log, or for what is known by its slot."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from vault.domain.names import BlobKey, RecordingId
from vault.domain.recording import Recording

Token = tuple[str, RecordingId]
"""A blinded number of the search index, and the recording that it finds."""


@dataclass(frozen=True, slots=True)
class FoundBy:
    """By what a recording is found besides its id: see `NewRecording`."""

    started_at: datetime
    same_as: str | None
    call: str | None


class RecordingParts(Protocol):
    """Parts of recordings. Each method takes as many as a caller holds in memory."""

    async def headers(self, recordings: Collection[RecordingId]) -> Mapping[RecordingId, bytes]:
        """Return the sealed headers of those that have one."""
        ...

    async def found_by(self, recordings: Collection[RecordingId]) -> Mapping[RecordingId, FoundBy]:
        """Return by what each is found."""
        ...

    async def indexed(self, tokens: Collection[Token]) -> set[Token]:
        """Return those of the tokens that the search index has."""
        ...

    async def in_slots(self, slots: Collection[int]) -> Sequence[Recording]:
        """Return the recordings, whatever their state, whose rows name one of these slots."""
        ...

    async def in_blobs(self, blobs: Collection[BlobKey]) -> Sequence[Recording]:
        """Return the recordings, whatever their state, whose rows name one of these blobs."""
        ...

    async def orphans(self, limit: int) -> Sequence[str]:
        """Return ids that headers, call details or the search index name, and no recording has."""
        ...
