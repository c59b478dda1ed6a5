"""How a customer comes in: a link says who it is, a session begins once its password opened its identity."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from vault.domain.names import CustomerId, LinkId, RecordingId, SessionId
from vault.errors import AccessDenied, Closed


@dataclass(frozen=True, slots=True)
class Link:
    """The address a customer collects at. `token_id` is the digest of the token in its fragment.

    An empty `recordings` means whatever waits for the customer.
    """

    id: LinkId
    token_id: str
    customer: CustomerId
    recordings: tuple[RecordingId, ...]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    @property
    def terms(self) -> tuple[str, ...]:
        """What never changes of it, for the log to hold by a keyed digest: whose, to what, how long."""
        times = (each.astimezone(UTC).isoformat() for each in (self.created_at, self.expires_at))
        return (self.id, self.token_id, self.customer, *times, *self.recordings)

    def live(self, now: datetime) -> bool:
        """Say whether it still leads anywhere."""
        return self.revoked_at is None and now < self.expires_at

    def revoke(self, now: datetime) -> Link:
        """Return it revoked; raise `Closed` the second time."""
        if self.revoked_at is not None:
            raise Closed(f"the link {self.id} was revoked already")
        return replace(self, revoked_at=now)


@dataclass(frozen=True, slots=True)
class Session:
    """A customer signed in. `sealed` is its identity under the session's slot and the token's key.

    `recordings` narrows it to those of the link it came by; empty means all of the customer's. `link` is
    that link, None for one that began by name.
    """

    id: SessionId
    customer: CustomerId
    slot: int
    sealed: bytes
    recordings: tuple[RecordingId, ...]
    created_at: datetime
    expires_at: datetime
    link: LinkId | None = None

    @property
    def binding(self) -> bytes:
        """What the identity is bound to: a row that somebody else changed is no session any more."""
        fields = (self.id, self.customer, self.expires_at.astimezone(UTC).isoformat(), *self.recordings)
        by = f" by link {self.link}" if self.link is not None else ""
        return f"session {' '.join(fields)}{by}".encode()

    @property
    def owner_facts(self) -> dict[str, str]:
        """How the log tells whose it is."""
        return {"customer": self.customer}

    def must_be_live(self, now: datetime) -> None:
        """Raise `AccessDenied` once it has expired."""
        if now >= self.expires_at:
            raise AccessDenied("sign in again")

    def covers(self, recording: RecordingId) -> bool:
        """Say whether this session may touch that recording of its customer."""
        return not self.recordings or recording in self.recordings
