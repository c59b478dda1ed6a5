"""Renewals in memory."""

from __future__ import annotations

from collections.abc import Sequence

from tests.fakes.repositories import Memory
from vault.domain.renewal import Renewal
from vault.errors import Conflict, NotFound


class MemoryRenewals(Memory):
    """`Renewals`."""

    async def epoch(self) -> int:
        """Return the newest number."""
        return max(self._state.renewals, default=0)

    async def add(self, renewal: Renewal) -> None:
        """Begin one."""
        if renewal.number in self._state.renewals:
            raise Conflict("that renewal is there already")
        self._state.renewals[renewal.number] = renewal

    async def save(self, renewal: Renewal) -> None:
        """Keep how far it is."""
        if renewal.number not in self._state.renewals:
            raise NotFound("no such renewal")
        self._state.renewals[renewal.number] = renewal

    async def get(self, number: int) -> Renewal | None:
        """Return the renewal of that number."""
        return self._state.renewals.get(number)

    async def unfinished(self) -> Sequence[Renewal]:
        """Return those that are not finished."""
        return [each for _, each in sorted(self._state.renewals.items()) if each.finished_at is None]
