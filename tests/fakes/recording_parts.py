"""What lies beside recordings, in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from tests.fakes.repositories import Memory
from vault.domain.names import BlobKey, RecordingId
from vault.domain.recording import Recording
from vault.ports.recording_parts import Beside, FoundBy, Token
from vault.ports.repositories import SealedDetails


class MemoryRecordingParts(Memory):
    """`RecordingParts`."""

    async def beside(self, first: int, last: int) -> Mapping[RecordingId, Beside]:
        """Return what lies beside those in that span of the log."""
        there = [each.id for each in self._state.recordings.values() if first <= each.log_index <= last]
        return {each: self._beside(each) for each in there}

    async def indexed(self, tokens: Collection[Token]) -> set[Token]:
        """Return those that the index has."""
        return {(token, each) for token, each in tokens if token in self._state.uploads[each].numbers}

    async def in_slots(self, slots: Collection[int]) -> Sequence[Recording]:
        """Return the recordings that name these slots."""
        return [each for each in self._state.recordings.values() if each.slot in slots]

    async def in_blobs(self, blobs: Collection[BlobKey]) -> Sequence[Recording]:
        """Return the recordings that name these blobs."""
        return [each for each in self._state.recordings.values() if each.blob in blobs]

    async def orphans(self, limit: int) -> Sequence[str]:
        """Return what names a recording that is not there."""
        named = self._state.headers.keys() | self._state.uploads.keys()
        return sorted(named - self._state.recordings.keys())[:limit]

    def _beside(self, recording: RecordingId) -> Beside:
        by, state = self._state.uploads[recording], self._state
        details = None if recording in state.details_dropped else SealedDetails(by.day, by.details)
        found_by = FoundBy(by.started_at, by.same_as, by.call)
        return Beside(found_by, state.headers.get(recording), details)
