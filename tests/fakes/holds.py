"""Legal holds in memory."""

from __future__ import annotations

from collections.abc import Sequence

from tests.fakes.repositories import Memory, the_only
from vault.domain.hold import LegalHold
from vault.domain.names import RecordingId
from vault.errors import Conflict, NotFound


class MemoryHolds(Memory):
    """`Holds`."""

    async def add(self, hold: LegalHold) -> None:
        """Place a hold on a recording that is there."""
        if hold.recording not in self._state.recordings:
            raise NotFound("no such recording")
        if hold.id in self._state.holds:
            raise Conflict("it is there already")
        self._state.holds[hold.id] = hold

    async def save(self, hold: LegalHold) -> None:
        """Keep it released."""
        if hold.id not in self._state.holds:
            raise NotFound("no such hold")
        self._state.holds[hold.id] = hold

    async def find(self, prefix: str) -> LegalHold:
        """Return the hold whose id begins so."""
        return self._state.holds[the_only(list(self._state.holds), prefix)]

    async def of(self, recording: RecordingId) -> Sequence[LegalHold]:
        """Return a recording's holds, oldest first."""
        oldest = sorted(self._state.holds.values(), key=lambda each: (each.placed_at, each.id))
        return [each for each in oldest if each.recording == recording]

    async def all(self, *, in_force: bool = False) -> Sequence[LegalHold]:
        """Return all, or those in force, newest first."""
        newest = sorted(self._state.holds.values(), key=lambda each: (each.placed_at, each.id), reverse=True)
        return [each for each in newest if each.in_force or not in_force]
