"""What lies beside recordings, in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from tests.fakes.repositories import Memory
from vault.domain.names import BlobKey, RecordingId
from vault.domain.recording import Recording
from vault.ports.recording_parts import FoundBy, Token


class MemoryRecordingParts(Memory):
    """`RecordingParts`."""

    async def headers(self, recordings: Collection[RecordingId]) -> Mapping[RecordingId, bytes]:
        """Return the headers of those that have one."""
        return {each: self._state.headers[each] for each in recordings if each in self._state.headers}

    async def found_by(self, recordings: Collection[RecordingId]) -> Mapping[RecordingId, FoundBy]:
        """Return by what each is found."""
        known = {each: self._state.uploads[each] for each in recordings if each in self._state.uploads}
        return {each: FoundBy(by.started_at, by.same_as, by.call) for each, by in known.items()}

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
