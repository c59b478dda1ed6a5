"""Sessions of staff as use cases see them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from vault.domain.names import SessionId, StaffId
from vault.domain.staff_session import StaffSession


class StaffSessions(Protocol):
    """Sessions of staff, by id."""

    async def add(self, session: StaffSession) -> None:
        """Add a session; raise `NotFound` for an unknown person, `Conflict` for one that is there."""
        ...

    async def get(self, session: SessionId) -> StaffSession | None:
        """Return the session of that id, expired or not."""
        ...

    async def remove(self, session: SessionId) -> None:
        """Drop the session; one that is gone is no error."""
        ...

    async def of(self, staff: StaffId) -> Sequence[StaffSession]:
        """Return a person's sessions, oldest first."""
        ...

    async def expired(self, now: datetime, limit: int) -> Sequence[StaffSession]:
        """Return those that have expired, the longest expired first, `limit` at most."""
        ...
