"""The database as use cases see it: a repository per noun.

`add` raises `NameTaken` where a name is unique. `get` returns None for what is not there. Every method
belongs to the transaction, or the reading snapshot, that its repository came from.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from vault.domain.access import Link, Session
from vault.domain.customer import Customer
from vault.domain.names import (
    BlobKey,
    CustomerId,
    CustomerName,
    LinkId,
    RecordingId,
    SessionId,
    SourceId,
    SourceName,
    StaffId,
    StaffName,
)
from vault.domain.recording import Recording, RecordingState
from vault.domain.source import Source
from vault.domain.staff import LockedIdentity, Owner, StaffMember


@dataclass(frozen=True, slots=True)
class VaultRecord:
    """What makes this vault this vault: its id, log name, and the service's secret wrapped by custody."""

    id: str
    log_name: str
    wrapped_secret: bytes
    created_at: datetime


class Identity(Protocol):
    """The one row of the vault itself."""

    async def get(self) -> VaultRecord | None: ...
    async def add(self, record: VaultRecord) -> None: ...
    async def save(self, record: VaultRecord) -> None:
        """Replace the row's wrapped secret; nothing else of it ever changes."""
        ...


class Customers(Protocol):
    """Customers by name and id; `all` by name."""

    async def get(self, name: CustomerName) -> Customer | None: ...
    async def by_id(self, customer: CustomerId) -> Customer | None: ...
    async def add(self, customer: Customer) -> None: ...
    async def save(self, customer: Customer) -> None: ...
    async def all(self) -> Sequence[Customer]: ...


class Sources(Protocol):
    """Sources by name, id and the digests of their tokens; `all` by name."""

    async def get(self, name: SourceName) -> Source | None: ...
    async def by_id(self, source: SourceId) -> Source | None: ...
    async def by_token(self, token_id: str) -> Source | None: ...
    async def by_hook_token(self, token_id: str) -> Source | None: ...
    async def add(self, source: Source) -> None: ...
    async def save(self, source: Source) -> None: ...
    async def all(self) -> Sequence[Source]: ...


class StaffMembers(Protocol):
    """Staff by name and id; `all` by name."""

    async def get(self, name: StaffName) -> StaffMember | None: ...
    async def by_id(self, member: StaffId) -> StaffMember | None: ...
    async def add(self, member: StaffMember) -> None: ...
    async def save(self, member: StaffMember) -> None: ...
    async def all(self) -> Sequence[StaffMember]: ...


class Identities(Protocol):
    """Locked identities. `current` is the highest generation of that owner."""

    async def current(self, owner: Owner, owner_id: str) -> LockedIdentity | None: ...
    async def add(self, identity: LockedIdentity) -> None: ...
    async def save(self, identity: LockedIdentity) -> None:
        """Keep a new lock (slot and sealed) for the same owner and generation."""
        ...

    async def get(self, owner: Owner, owner_id: str, generation: int) -> LockedIdentity | None: ...
    async def owners(self, owner: Owner, *, after: str, limit: int) -> Sequence[str]:
        """Return the ids of owners of that kind, ascending, those after `after`, `limit` at most."""
        ...

    def scan(self) -> AsyncIterator[LockedIdentity]:
        """Yield every identity, by owner and generation; for `audit verify`."""
        ...


class Links(Protocol):
    """Links; `find` by unique prefix of the id (`NotFound`, `Ambiguous`); `all` newest first."""

    async def add(self, link: Link) -> None: ...
    async def save(self, link: Link) -> None: ...
    async def by_token(self, token_id: str) -> Link | None: ...
    async def find(self, prefix: str) -> Link: ...
    async def get(self, link: LinkId) -> Link | None: ...
    async def all(self, customer: CustomerId | None = None) -> Sequence[Link]: ...


class Sessions(Protocol):
    """Customers' sessions."""

    async def add(self, session: Session) -> None: ...
    async def get(self, session: SessionId) -> Session | None: ...
    async def remove(self, session: SessionId) -> None: ...
    async def of_customer(self, customer: CustomerId) -> Sequence[Session]: ...
    async def of_link(self, link: LinkId) -> Sequence[Session]: ...
    async def expired(self, now: datetime, limit: int) -> Sequence[Session]: ...
    async def first_opening(self, session: SessionId, recording: RecordingId) -> bool:
        """Note that this session opened this recording; say whether it is the first time."""
        ...

    async def has_opened(self, session: SessionId, recording: RecordingId) -> bool: ...


@dataclass(frozen=True, slots=True)
class RecordingFilter:
    """Which recordings: every given field must fit. `numbers` are blinded tokens of the search index.

    `since` and `until` bound the start of the call, or the sealing where the source told no start.
    """

    customer: CustomerId | None = None
    own: bool = False
    customers_only: bool = False
    source: SourceId | None = None
    states: tuple[RecordingState, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    numbers: tuple[str, ...] = ()
    call: str | None = None
    ids: tuple[RecordingId, ...] = ()


@dataclass(frozen=True, slots=True)
class NewRecording:
    """What one upload brings into the database besides the recording itself.

    `header` is sealed under the recording's slot, `details` under the day's. `same_as` is the blinded
    idempotency key or None; `call` the blinded call id; `numbers` the blinded tokens for the search index.
    """

    recording: Recording
    header: bytes
    day: date
    details: bytes
    started_at: datetime
    same_as: str | None
    call: str | None
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SealedDetails:
    """The call details of one recording, as they lie: under the slot of `day`."""

    day: date
    sealed: bytes


class Recordings(Protocol):
    """Recordings with their headers and call details. `holds` is counted on reading."""

    async def add(self, new: NewRecording) -> None: ...
    async def get(self, recording: RecordingId) -> Recording | None: ...
    async def find(self, prefix: str) -> RecordingId: ...
    async def same_as(self, key: str) -> Recording | None: ...
    async def forget_same_as(self, recording: RecordingId) -> None:
        """Let its idempotency key go: the same upload is a recording of its own from now on."""
        ...

    async def save(self, recording: Recording) -> None: ...
    async def header(self, recording: RecordingId) -> bytes | None: ...
    async def put_header(self, recording: RecordingId, sealed: bytes) -> None:
        """Replace the header; raise `NotFound` where it was dropped."""
        ...

    async def drop_header(self, recording: RecordingId) -> None: ...
    async def details(self, recordings: Iterable[RecordingId]) -> Mapping[RecordingId, SealedDetails]: ...
    async def drop_details(self, day: date) -> None:
        """Remove the call details of that day, whose slot is destroyed."""
        ...

    async def list(
        self, which: RecordingFilter, *, before: int | None = None, limit: int = 100
    ) -> Sequence[Recording]:
        """Return the newest first by `log_index`, those below `before`, `limit` at most."""
        ...

    def scan(self) -> AsyncIterator[Recording]:
        """Yield every recording, ascending by `log_index`; for `audit verify`."""
        ...

    async def unfinished(self, limit: int, *, after: int = -1) -> Sequence[Recording]:
        """Return those collected but not shredded yet: a crash, or a mirror that was away.

        The oldest first by `log_index`, those above `after`, `limit` at most.
        """
        ...

    async def counts(self) -> Mapping[RecordingState, tuple[int, int]]:
        """Return how many and how many plaintext bytes, by state."""
        ...

    async def living(self, customer: CustomerId | None = None) -> int:
        """Return how many wait or are retained: all, or a customer's."""
        ...

    async def knows_blob(self, key: BlobKey) -> bool:
        """Say whether a recording that is not shredded lies in that blob."""
        ...


class Period(StrEnum):
    """What a period's slot covers."""

    DAY_DETAILS = "day-details"
    MONTH_INDEX = "month-index"


@dataclass(frozen=True, slots=True)
class PeriodSlot:
    """The slot of a day or month (`day` is its first), and since when it is its slot."""

    period: Period
    day: date
    number: int
    since: datetime


class SlotClaims(Protocol):
    """The numbers of slots: claimed once, never again, known as destroyed for good."""

    async def claim(self, purpose: str, now: datetime) -> int:
        """Return the next slot number, now taken: above every one that was claimed or that a row has."""
        ...

    async def mark_destroyed(self, numbers: Iterable[int], now: datetime) -> None: ...
    async def period(self, period: Period, day: date) -> int | None:
        """Return the slot of that day, or of that day's month."""
        ...

    async def add_period(self, period: Period, day: date, number: int) -> None: ...
    async def renew_period(self, period: Period, day: date, number: int) -> None:
        """Give a period whose slot is destroyed another one."""
        ...

    async def periods(self) -> Sequence[PeriodSlot]:
        """Return the slot of every period; there are some hundreds a year."""
        ...

    def destroyed(self) -> AsyncIterator[Sequence[int]]:
        """Yield every number known as destroyed, ascending, in batches that memory holds."""
        ...

    async def in_use(self, numbers: Iterable[int]) -> Sequence[int]:
        """Return those of the numbers, ascending, under which something lives by its row.

        That is a recording, an identity, a period's calls or a grant.
        """
        ...
