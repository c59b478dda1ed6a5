"""Four eyes on an opening: one person asks for it, a DPO who is somebody else approves, it is used once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from vault.domain.event import Action
from vault.domain.names import RecordingId, RequestId, StaffId
from vault.errors import AccessDenied, Conflict, Lapsed

APPROVAL_LIFETIME = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class OpeningRequest:
    """A request to open or export one recording; `action` is which. `vouched` authenticates the approval."""

    id: RequestId
    recording: RecordingId
    action: Action
    requested_by: StaffId
    requested_at: datetime
    approved_by: StaffId | None = None
    approved_at: datetime | None = None
    vouched: bytes | None = None
    used_at: datetime | None = None

    @property
    def statement(self) -> bytes:
        """What is vouched for: a writer to the database approves nothing."""
        at = self.approved_at.astimezone(UTC).isoformat() if self.approved_at else "never"
        asked = f"{self.action} of {self.recording} by {self.requested_by}"
        return f"approval {self.id} {asked} approved by {self.approved_by} at {at}".encode()

    def expires_at(self, patience: timedelta) -> datetime:
        """Return when it ends: approved, after a day; until then it waits as long as `patience` lasts."""
        if self.approved_at is not None:
            return self.approved_at + APPROVAL_LIFETIME
        return self.requested_at + patience

    def approve(self, by: StaffId, now: datetime, patience: timedelta) -> OpeningRequest:
        """Return it approved, to be vouched for; raise `AccessDenied` for who asked, `Conflict` once more.

        Raise `Lapsed` for one that waited longer than `patience`.
        """
        if by == self.requested_by:
            raise AccessDenied("another DPO than who asks approves", why="same_person")
        if self.approved_at is not None:
            raise Conflict(f"the request {self.id} was approved already")
        if now >= self.expires_at(patience):
            raise Lapsed(f"the request {self.id} waited for more than {patience.days} days; ask again")
        return replace(self, approved_by=by, approved_at=now)

    def usable(self, now: datetime) -> bool:
        """Say whether it was approved less than a day ago and not used yet."""
        approved, used = self.approved_at, self.used_at
        return approved is not None and used is None and now < approved + APPROVAL_LIFETIME

    def waits(self, now: datetime, patience: timedelta) -> bool:
        """Say whether it waits, in time: to be approved or, being approved, to be used."""
        return self.used_at is None and now < self.expires_at(patience)

    def use(self, now: datetime) -> OpeningRequest:
        """Return it used."""
        return replace(self, used_at=now)
