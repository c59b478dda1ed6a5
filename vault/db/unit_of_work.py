"""Every repository of one transaction, and the unit of work that can be committed."""

from __future__ import annotations

from vault.db.access import SqlLinks, SqlSessions
from vault.db.grants import SqlGrants, SqlOpeningRequests
from vault.db.holds import SqlHolds
from vault.db.housekeeping import SqlBlobDeletions, SqlGuesses
from vault.db.identities import SqlIdentities
from vault.db.log_reader import SqlLogReader
from vault.db.log_writer import SqlLogWriter
from vault.db.people import SqlCustomers, SqlIdentity, SqlSources, SqlStaffMembers
from vault.db.recording_parts import SqlRecordingParts
from vault.db.recordings import SqlRecordings
from vault.db.renewals import SqlRenewals
from vault.db.slot_claims import SqlSlotClaims
from vault.db.staff_sessions import SqlStaffSessions
from vault.db.statements import Statements
from vault.db.turn import Turn
from vault.ports import repositories as ports
from vault.ports.clock import Clock
from vault.ports.grants import Grants, OpeningRequests
from vault.ports.holds import Holds
from vault.ports.housekeeping import BlobDeletions, Guesses
from vault.ports.log import LogReader, LogWriter
from vault.ports.recording_parts import RecordingParts
from vault.ports.renewals import Renewals
from vault.ports.staff_sessions import StaffSessions


class SqlRepositories:
    """`Repositories` on whatever runs their statements."""

    vault: ports.Identity
    customers: ports.Customers
    sources: ports.Sources
    staff: ports.StaffMembers
    identities: ports.Identities
    links: ports.Links
    sessions: ports.Sessions
    recordings: ports.Recordings
    recording_parts: RecordingParts
    holds: Holds
    grants: Grants
    opening_requests: OpeningRequests
    slots: ports.SlotClaims
    blob_deletions: BlobDeletions
    guesses: Guesses
    renewals: Renewals
    staff_sessions: StaffSessions
    events: LogReader

    def __init__(self, statements: Statements) -> None:
        self.vault = SqlIdentity(statements)
        self.customers = SqlCustomers(statements)
        self.sources = SqlSources(statements)
        self.staff = SqlStaffMembers(statements)
        self.identities = SqlIdentities(statements)
        self.links = SqlLinks(statements)
        self.sessions = SqlSessions(statements)
        self.recordings = SqlRecordings(statements)
        self.recording_parts = SqlRecordingParts(statements)
        self.holds = SqlHolds(statements)
        self.grants = SqlGrants(statements)
        self.opening_requests = SqlOpeningRequests(statements)
        self.slots = SqlSlotClaims(statements)
        self.blob_deletions = SqlBlobDeletions(statements)
        self.guesses = SqlGuesses(statements)
        self.renewals = SqlRenewals(statements)
        self.staff_sessions = SqlStaffSessions(statements)
        self.events = SqlLogReader(statements)


class SqlUnitOfWork(SqlRepositories):
    """`UnitOfWork` on a body's turn."""

    log: LogWriter

    def __init__(self, turn: Turn, clock: Clock) -> None:
        super().__init__(turn)
        self.log = SqlLogWriter(turn, clock)
        self._turn = turn

    async def commit(self) -> None:
        """Make the change and its entries durable; raise `LogUnavailable` or `DatabaseUnavailable`."""
        await self._turn.commit()
