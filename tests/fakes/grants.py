"""Grants and requests for openings in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tests.fakes.repositories import Memory, the_only
from vault.domain.event import Action
from vault.domain.grant import Grant
from vault.domain.names import GrantId, RecordingId, StaffId
from vault.domain.opening_request import OpeningRequest
from vault.errors import Conflict, NotFound
from vault.ports.grants import GrantFilter


class MemoryGrants(Memory):
    """`Grants`."""

    async def add(self, grant: Grant) -> None:
        """Add a grant to somebody who is there, of a recording that is there."""
        _must_belong(self, grant.recording, grant.manager)
        if grant.id in self._state.grants:
            raise Conflict("it is there already")
        self._state.grants[grant.id] = grant

    async def save(self, grant: Grant) -> None:
        """Keep it changed."""
        if grant.id not in self._state.grants:
            raise NotFound("no such grant")
        self._state.grants[grant.id] = grant

    async def get(self, grant: GrantId) -> Grant | None:
        """Return the grant of that id."""
        return self._state.grants.get(grant)

    async def find(self, prefix: str) -> Grant:
        """Return the grant whose id begins so."""
        return self._state.grants[the_only(list(self._state.grants), prefix)]

    async def list(self, which: GrantFilter) -> Sequence[Grant]:
        """Return those that fit, newest first."""
        newest = sorted(self._state.grants.values(), key=lambda each: (each.issued_at, each.id), reverse=True)
        return [
            each
            for each in newest
            if which.recording in (None, each.recording)
            and which.manager in (None, each.manager)
            and not (which.unended and each.ended_at)
        ]

    async def expired(self, now: datetime, limit: int) -> Sequence[Grant]:
        """Return those whose time is over, the longest first."""
        over = [each for each in self._state.grants.values() if not each.ended_at and each.expires_at <= now]
        return sorted(over, key=lambda each: each.expires_at)[:limit]


class MemoryOpeningRequests(Memory):
    """`OpeningRequests`."""

    async def add(self, request: OpeningRequest) -> None:
        """Add a request by somebody who is there, of a recording that is there."""
        _must_belong(self, request.recording, request.requested_by)
        if request.id in self._state.opening_requests:
            raise Conflict("it is there already")
        self._state.opening_requests[request.id] = request

    async def save(self, request: OpeningRequest) -> None:
        """Keep it changed."""
        if request.id not in self._state.opening_requests:
            raise NotFound("no such request")
        self._state.opening_requests[request.id] = request

    async def find(self, prefix: str) -> OpeningRequest:
        """Return the request whose id begins so."""
        return self._state.opening_requests[the_only(list(self._state.opening_requests), prefix)]

    async def all(self) -> Sequence[OpeningRequest]:
        """Return all, the oldest first."""
        return sorted(self._state.opening_requests.values(), key=lambda each: (each.requested_at, each.id))

    async def not_used(self, requested_by: StaffId | None, limit: int) -> Sequence[OpeningRequest]:
        """Return those that nobody has used, the newest first."""
        found = [each for each in await self.all() if each.used_at is None]
        return [each for each in found if requested_by in (None, each.requested_by)][::-1][:limit]

    async def unused(
        self, recording: RecordingId, requested_by: StaffId, action: Action
    ) -> Sequence[OpeningRequest]:
        """Return what was approved and not used, the oldest approval first."""
        wanted = (recording, requested_by, action)
        approved = [
            (each.approved_at, each.id, each)
            for each in self._state.opening_requests.values()
            if (each.recording, each.requested_by, each.action) == wanted
            and each.approved_at is not None
            and each.used_at is None
        ]
        return [each for _, _, each in sorted(approved, key=lambda found: found[:2])]


def _must_belong(memory: Memory, recording: RecordingId, person: StaffId) -> None:
    state = memory._state
    if recording not in state.recordings or all(each.id != person for each in state.staff.values()):
        raise NotFound("no such recording or person")
