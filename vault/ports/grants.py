"""Grants, and openings that a second DPO approves, as the database keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from vault.domain.event import Action
from vault.domain.grant import Grant
from vault.domain.names import GrantId, RecordingId, StaffId
from vault.domain.opening_request import OpeningRequest


@dataclass(frozen=True, slots=True)
class GrantFilter:
    """Which grants: every given field must fit. `unended` leaves only those that wait or live."""

    recording: RecordingId | None = None
    manager: StaffId | None = None
    unended: bool = False


class Grants(Protocol):
    """Grants by id; `find` by unique prefix of it (`NotFound`, `Ambiguous`)."""

    async def add(self, grant: Grant) -> None:
        """Add a grant; raise `NotFound` for an unknown recording or person."""
        ...

    async def save(self, grant: Grant) -> None:
        """Keep a changed grant; raise `NotFound`."""
        ...

    async def get(self, grant: GrantId) -> Grant | None: ...
    async def find(self, prefix: str) -> Grant: ...
    async def list(self, which: GrantFilter) -> Sequence[Grant]:
        """Return the newest first."""
        ...

    async def expired(self, now: datetime, limit: int) -> Sequence[Grant]:
        """Return those that have not ended and whose time is over, the longest first, `limit` at most."""
        ...


class OpeningRequests(Protocol):
    """Requests to open or export; `find` by unique prefix of the id (`NotFound`, `Ambiguous`)."""

    async def add(self, request: OpeningRequest) -> None:
        """Add a request; raise `NotFound` for an unknown recording or person."""
        ...

    async def save(self, request: OpeningRequest) -> None:
        """Keep a changed request; raise `NotFound`."""
        ...

    async def find(self, prefix: str) -> OpeningRequest: ...
    async def all(self) -> Sequence[OpeningRequest]:
        """Return every request, the oldest first."""
        ...

    async def not_used(self, requested_by: StaffId | None, limit: int) -> Sequence[OpeningRequest]:
        """Return those that nobody has used, approved or not, of a person or of all; the newest first."""
        ...

    async def unused(
        self, recording: RecordingId, requested_by: StaffId, action: Action
    ) -> Sequence[OpeningRequest]:
        """Return what was approved for this and not used yet, the oldest approval first."""
        ...
