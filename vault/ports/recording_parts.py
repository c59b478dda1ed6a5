"""What lies beside recordings, read in runs: to be held against the log, or for what is known by its slot."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from vault.domain.names import BlobKey, RecordingId
from vault.domain.recording import Recording
from vault.ports.repositories import SealedDetails

Token = tuple[str, RecordingId]
"""A blinded number of the search index, and the recording that it finds."""


@dataclass(frozen=True, slots=True)
class FoundBy:
    """By what a recording is found besides its id: see `NewRecording`."""

    started_at: datetime
    same_as: str | None
    call: str | None


@dataclass(frozen=True, slots=True)
class Beside:
    """What lies beside a recording: its sealed header and call details, each None where it is not there."""

    found_by: FoundBy
    header: bytes | None
    details: SealedDetails | None


class RecordingParts(Protocol):
    """Parts of recordings. Each method takes as many as a caller holds in memory."""

    async def beside(self, first: int, last: int) -> Mapping[RecordingId, Beside]:
        """Return what lies beside the recordings that entries `first` to `last` (included) sealed."""
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
