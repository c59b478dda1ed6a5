"""A grant: one person's access to one recording, by a password of its own, so long and so often."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from vault.domain.names import GrantId, RecordingId, StaffId
from vault.domain.recording import Recording
from vault.errors import AccessDenied, Closed, Conflict, Invalid, Lapsed

DEFAULT_LIFETIME = timedelta(hours=24)
_LONGEST_LIFETIME = timedelta(days=30)
_MOST_USES = 100


class GrantState(StrEnum):
    """How it stands with a grant; all but the first two have ended it.

    pending   waits for a second DPO's approval
    live      opens its recording
    used      the last use was made
    expired   its time is over
    revoked   a DPO or the operator took it back
    left      its person left the staff
    shredded  its recording was destroyed
    """

    PENDING = "pending"
    LIVE = "live"
    USED = "used"
    EXPIRED = "expired"
    REVOKED = "revoked"
    LEFT = "left"
    SHREDDED = "shredded"


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant to `manager`, who may also be a tech manager. `uses` is how often it opens the recording.

    `sealed` is the recording's file key under password and person, under the slot; None once it has ended.
    Each use moves it to a fresh slot, so that no older row opens anything.
    """

    id: GrantId
    recording: RecordingId
    manager: StaffId
    issued_by: StaffId
    issued_at: datetime
    expires_at: datetime
    uses: int
    state: GrantState
    used: int = 0
    slot: int = 0
    sealed: bytes | None = None
    approved_by: StaffId | None = None
    ended_at: datetime | None = None

    @property
    def ended(self) -> bool:
        """Whether it opens nothing any more."""
        return self.state not in {GrantState.PENDING, GrantState.LIVE}

    def binding(self, recording: Recording) -> bytes:
        """Return what it is bound to under its slot: whose, for what, until when, how often still."""
        until = self.expires_at.astimezone(UTC).isoformat()
        terms = f"grant {self.id} to {self.manager} until {until} {self.uses - self.used} times {self.state}"
        return f"{terms} ".encode() + recording.binding

    def expired(self, now: datetime) -> bool:
        """Say whether its time is over."""
        return now >= self.expires_at

    def must_open(self, now: datetime) -> None:
        """Raise `AccessDenied`, its state being why, unless it opens its recording now."""
        state = GrantState.EXPIRED if self.expired(now) and not self.ended else self.state
        if state is not GrantState.LIVE:
            raise AccessDenied("the grant does not open this recording", why=f"grant_{state}")

    def use(self, now: datetime) -> Grant:
        """Return it with one use less, ended by the last; raise `AccessDenied`."""
        self.must_open(now)
        used = replace(self, used=self.used + 1)
        return used.end(GrantState.USED, now) if used.used >= used.uses else used

    def must_await_approval(self, by: StaffId, now: datetime) -> None:
        """Raise `Conflict` unless it waits for approval, `Lapsed` once its time is over.

        Raise `AccessDenied` for who issued it.
        """
        if self.state is GrantState.EXPIRED or (self.state is GrantState.PENDING and self.expired(now)):
            raise Lapsed(f"the time of the grant {self.id} is over; have it issued anew")
        if self.state is not GrantState.PENDING:
            raise Conflict(f"the grant {self.id} does not wait for approval")
        if by == self.issued_by:
            raise AccessDenied("another DPO than its issuer approves a grant", why="same_person")

    def approve(self, by: StaffId, now: datetime) -> Grant:
        """Return it live; raise as `must_await_approval` does."""
        self.must_await_approval(by, now)
        return replace(self, state=GrantState.LIVE, approved_by=by)

    def end(self, state: GrantState, now: datetime) -> Grant:
        """Return it ended, with nothing sealed in it; raise `Closed` the second time."""
        if self.ended:
            raise Closed(f"the grant {self.id} has ended already: {self.state}")
        return replace(self, state=state, sealed=None, ended_at=now)


def parse_terms(lifetime: timedelta | None, uses: int) -> tuple[timedelta, int]:
    """Return how long and how often a grant may be used; raise `Invalid` beyond 30 days or 100 times."""
    wanted = DEFAULT_LIFETIME if lifetime is None else lifetime
    if not timedelta() < wanted <= _LONGEST_LIFETIME:
        raise Invalid(f"a grant lasts from 1 second to {_LONGEST_LIFETIME.days} days")
    if not 1 <= uses <= _MOST_USES:
        raise Invalid(f"a grant is for 1 to {_MOST_USES} uses")
    return wanted, uses
