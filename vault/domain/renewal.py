"""A renewal: what was sealed or locked to an old generation of an identity comes to the new one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from vault.domain.names import CustomerId
from vault.domain.staff import Group, Owner


class RenewalStage(StrEnum):
    """What a renewal works on now: customers' locks first, then recordings, the newest first."""

    LOCKS = "locks"
    RECORDINGS = "recordings"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Renewal:
    """The work that a rotation leaves, done in batches that survive a crash.

    `number` counts renewals from 1. `generation` is the owner's new one; the one before it ends with the
    renewal. Old are the recordings that were sealed before entry `log_index`. `locks` and `recordings` say
    how many there were to look at when it began, the `…_done` how many are behind. `locks_after` (an owner's
    id) and `recordings_below` (a place in the log) say where to go on. `unopened` counts what could not be
    opened, and so stays as it was. `vouched` authenticates `statement`; None for one that was begun before
    renewals had it.
    """

    number: int
    owner: Owner
    owner_id: str
    generation: int
    log_index: int
    begun_at: datetime
    stage: RenewalStage
    locks: int
    recordings: int
    recordings_below: int
    locks_after: str = ""
    locks_done: int = 0
    recordings_done: int = 0
    unopened: int = 0
    finished_at: datetime | None = None
    vouched: bytes | None = None

    @classmethod
    def begin(
        cls,
        number: int,
        *,
        owner: Owner,
        owner_id: str,
        generation: int,
        log_index: int,
        begun_at: datetime,
        locks: int,
        recordings: int,
    ) -> Renewal:
        """Return a renewal that has done nothing yet."""
        return cls(
            number=number,
            owner=owner,
            owner_id=owner_id,
            generation=generation,
            log_index=log_index,
            begun_at=begun_at,
            stage=RenewalStage.LOCKS if locks else RenewalStage.RECORDINGS,
            locks=locks,
            recordings=recordings,
            recordings_below=log_index,
        )

    @property
    def customer(self) -> CustomerId | None:
        """Whose recordings alone are concerned; None when it is a group's renewal."""
        return CustomerId(self.owner_id) if self.owner is Owner.CUSTOMER else None

    @property
    def statement(self) -> bytes:
        """What is vouched for: whose generation ends, and how far the work is: none ends too early."""
        done = f"{self.stage} from {self.locks_after!r} and {self.recordings_below}"
        return (
            f"renewal {self.number} of {self.owner} {self.owner_id} to {self.generation} at {done}".encode()
        )

    @property
    def total(self) -> int:
        """How many locks and recordings there were to look at."""
        return self.locks + self.recordings

    @property
    def left(self) -> int:
        """How many are left; what was collected meanwhile is counted until the renewal is finished."""
        if self.stage is RenewalStage.FINISHED:
            return 0
        return max(0, self.total - self.locks_done - self.recordings_done)

    def is_of(self, owner: Owner, owner_id: str) -> bool:
        """Say whether it is this owner's."""
        return (self.owner, self.owner_id) == (owner, owner_id)

    def locked(self, through: str, count: int, unopened: int) -> Renewal:
        """Return it with so many more locks behind; the recordings come after the last."""
        return replace(
            self,
            locks_after=through,
            locks_done=self.locks_done + count,
            unopened=self.unopened + unopened,
        )

    def all_locked(self) -> Renewal:
        """Return it with every lock behind it."""
        return replace(self, stage=RenewalStage.RECORDINGS)

    def sealed(self, below: int, count: int, unopened: int) -> Renewal:
        """Return it with so many more recordings behind: those at `below` in the log and after it."""
        return replace(
            self,
            recordings_below=below,
            recordings_done=self.recordings_done + count,
            unopened=self.unopened + unopened,
        )

    def begin_anew(self, size: int) -> Renewal:
        """Return it with nothing done yet, of a log of that size; what is done a second time does no harm."""
        return replace(
            self,
            stage=RenewalStage.LOCKS if needs_locks(self.owner) else RenewalStage.RECORDINGS,
            recordings_below=size,
            locks_after="",
            locks_done=0,
            recordings_done=0,
            unopened=0,
        )

    def finish(self, now: datetime) -> Renewal:
        """Return it finished."""
        return replace(self, stage=RenewalStage.FINISHED, finished_at=now)


def needs_locks(owner: Owner) -> bool:
    """Say whether customers' identities are locked to that owner: to the groups, each of them."""
    return owner is Owner.GROUP


def concerns(renewal: Renewal, customer: CustomerId | None) -> bool:
    """Say whether a recording of that customer, or of the company's own, is sealed to the renewal's owner."""
    if renewal.is_of(Owner.GROUP, Group.TECH_MANAGERS):
        return customer is not None
    return renewal.customer in (None, customer)
