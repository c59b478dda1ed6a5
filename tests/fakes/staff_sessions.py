"""Sessions of staff in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tests.fakes.repositories import Memory
from vault.domain.names import SessionId, StaffId
from vault.domain.staff_session import StaffSession
from vault.errors import Conflict, NotFound


class MemoryStaffSessions(Memory):
    """`StaffSessions`."""

    async def add(self, session: StaffSession) -> None:
        """Add a session."""
        if session.staff not in {each.id for each in self._state.staff.values()}:
            raise NotFound("no such person")
        if session.id in self._state.staff_sessions:
            raise Conflict("that session is there already")
        self._state.staff_sessions[session.id] = session

    async def get(self, session: SessionId) -> StaffSession | None:
        """Return the session of that id."""
        return self._state.staff_sessions.get(session)

    async def remove(self, session: SessionId) -> None:
        """Drop it."""
        self._state.staff_sessions.pop(session, None)

    async def of(self, staff: StaffId) -> Sequence[StaffSession]:
        """Return a person's sessions."""
        found = [each for each in self._state.staff_sessions.values() if each.staff == staff]
        return sorted(found, key=lambda each: (each.created_at, each.id))

    async def expired(self, now: datetime, limit: int) -> Sequence[StaffSession]:
        """Return those whose time is over."""
        over = [each for each in self._state.staff_sessions.values() if each.expires_at <= now]
        return sorted(over, key=lambda each: each.expires_at)[:limit]
