"""What a database in memory holds. Every value is frozen, so that a copy of the dicts is a copy of it all."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from typing import Self

from vault.audit.tree import Frontier
from vault.domain.access import Link, Session
from vault.domain.customer import Customer
from vault.domain.grant import Grant
from vault.domain.guesses import Bucket
from vault.domain.hold import LegalHold
from vault.domain.names import (
    BlobKey,
    CustomerId,
    GrantId,
    LinkId,
    RecordingId,
    RequestId,
    SessionId,
    SourceId,
    StaffName,
)
from vault.domain.opening_request import OpeningRequest
from vault.domain.recording import Recording
from vault.domain.renewal import Renewal
from vault.domain.source import Source
from vault.domain.staff import LockedIdentity, Owner, StaffMember
from vault.domain.staff_session import StaffSession
from vault.ports.log import StoredEntry
from vault.ports.repositories import NewRecording, Period, VaultRecord


@dataclass(slots=True)
class State:
    """Tables as dicts. Changed in place by the unit of work that has its copy, or by a test that forges."""

    vault: VaultRecord | None = None
    customers: dict[CustomerId, Customer] = field(default_factory=dict)
    sources: dict[SourceId, Source] = field(default_factory=dict)
    staff: dict[StaffName, StaffMember] = field(default_factory=dict)
    identities: dict[tuple[Owner, str, int], LockedIdentity] = field(default_factory=dict)
    links: dict[LinkId, Link] = field(default_factory=dict)
    sessions: dict[SessionId, Session] = field(default_factory=dict)
    staff_sessions: dict[SessionId, StaffSession] = field(default_factory=dict)
    openings: set[tuple[SessionId, RecordingId]] = field(default_factory=set)
    recordings: dict[RecordingId, Recording] = field(default_factory=dict)
    headers: dict[RecordingId, bytes] = field(default_factory=dict)
    uploads: dict[RecordingId, NewRecording] = field(default_factory=dict)  # what only finds a recording
    details_dropped: set[RecordingId] = field(default_factory=set)
    holds: dict[str, LegalHold] = field(default_factory=dict)
    grants: dict[GrantId, Grant] = field(default_factory=dict)
    opening_requests: dict[RequestId, OpeningRequest] = field(default_factory=dict)
    next_slot: int = 0
    slots_claimed: dict[int, tuple[str, datetime]] = field(default_factory=dict)
    slots_destroyed: dict[int, datetime] = field(default_factory=dict)
    periods: dict[tuple[Period, date], int] = field(default_factory=dict)
    deletions: dict[BlobKey, datetime] = field(default_factory=dict)
    buckets: dict[str, Bucket] = field(default_factory=dict)
    renewals: dict[int, Renewal] = field(default_factory=dict)
    networks: dict[tuple[CustomerId, str], datetime] = field(default_factory=dict)
    entries: dict[int, StoredEntry] = field(default_factory=dict)
    orphaned_details: set[int] = field(default_factory=set)
    tiles: dict[tuple[int, int], bytes] = field(default_factory=dict)
    frontier: Frontier = field(default_factory=Frontier)
    last_time: datetime | None = None
    note: bytes | None = None

    def copy(self) -> Self:
        """Return a copy that changes apart from this one."""
        twin = replace(self)
        for each in fields(self):
            table = getattr(self, each.name)
            if isinstance(table, dict | set):
                setattr(twin, each.name, table.copy())
        return twin
