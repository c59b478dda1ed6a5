"""Appending to the log within a unit of work."""

from __future__ import annotations

from sqlalchemy import delete

from vault.db.log_tables import log_details
from vault.db.turn import Turn
from vault.domain.event import AuditEvent
from vault.ports.clock import Clock
from vault.ports.log import Appended


class SqlLogWriter:
    """`LogWriter` on a body's turn: the place is known at once, the rows are written with the group's."""

    def __init__(self, turn: Turn, clock: Clock) -> None:
        self._turn = turn
        self._clock = clock

    async def append(self, event: AuditEvent) -> Appended:
        """Give the event the next index and a time not before the last entry's; keep its detail row.

        Raises `LogCorrupt` for an event that the log can't hold.
        """
        return self._turn.append(event, self._clock.now())

    async def erase_details(self, first: int, last: int) -> None:
        """Drop the detail rows of the entries `first` to `last`, with their salts; the entries stay."""
        await self._turn.write(delete(log_details).where(log_details.c.index.between(first, last)))
