"""Legal holds as use cases see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vault.domain.hold import LegalHold
from vault.domain.names import RecordingId


class Holds(Protocol):
    """Legal holds, one on a recording each; those in force are what `Recording.holds` counts."""

    async def add(self, hold: LegalHold) -> None:
        """Place a hold; raise `NotFound` for an unknown recording."""
        ...

    async def save(self, hold: LegalHold) -> None:
        """Keep a released hold; raise `NotFound`."""
        ...

    async def find(self, prefix: str) -> LegalHold:
        """Return the hold whose id begins so; raise `NotFound` or `Ambiguous`."""
        ...

    async def of(self, recording: RecordingId) -> Sequence[LegalHold]:
        """Return a recording's holds, released ones too, oldest first."""
        ...

    async def all(self, *, in_force: bool = False) -> Sequence[LegalHold]:
        """Return every hold, or those in force alone, newest first."""
        ...
