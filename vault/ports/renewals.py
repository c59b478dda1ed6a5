"""Renewals as use cases see them: begun by a rotation, carried on in batches, finished."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vault.domain.renewal import Renewal


class Renewals(Protocol):
    """Renewals by number. The newest number is the epoch: it changes whenever a recipient does."""

    async def epoch(self) -> int:
        """Return the newest renewal's number, finished or not; 0 before the first."""
        ...

    async def add(self, renewal: Renewal) -> None:
        """Begin one; raise `Conflict` for a number that is taken."""
        ...

    async def save(self, renewal: Renewal) -> None:
        """Keep how far it is; raise `NotFound`."""
        ...

    async def get(self, number: int) -> Renewal | None:
        """Return the renewal of that number."""
        ...

    async def unfinished(self) -> Sequence[Renewal]:
        """Return those that are not finished, the oldest first."""
        ...
