"""The database: reading snapshots and units of work, in which a change and its log entry commit together."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from vault.ports.grants import Grants, OpeningRequests
from vault.ports.log import LogReader, LogWriter
from vault.ports.renewals import Renewals
from vault.ports.repositories import (
    BlobDeletions,
    Customers,
    Guesses,
    Holds,
    Identities,
    Identity,
    Links,
    Recordings,
    Sessions,
    SlotClaims,
    Sources,
    StaffMembers,
)
from vault.ports.staff_sessions import StaffSessions


class Repositories(Protocol):
    """Every repository of one transaction or snapshot."""

    vault: Identity
    customers: Customers
    sources: Sources
    staff: StaffMembers
    identities: Identities
    links: Links
    sessions: Sessions
    recordings: Recordings
    holds: Holds
    grants: Grants
    opening_requests: OpeningRequests
    slots: SlotClaims
    blob_deletions: BlobDeletions
    guesses: Guesses
    renewals: Renewals
    staff_sessions: StaffSessions
    events: LogReader


class UnitOfWork(Repositories, Protocol):
    """One change, serialised against every other; nothing of it stays unless `commit` returned.

    Bodies take turns: a body waits for the database and the slots, and for nothing else. It sees what bodies
    before it committed, which may not be durable yet: whoever acts on what it read commits first, even with
    nothing changed.
    """

    log: LogWriter

    async def commit(self) -> None:
        """Make the change and its entries durable; raise `LogUnavailable` or `DatabaseUnavailable`.

        Ends the body's turn: nothing may be read or written after it.
        """
        ...


class Database(Protocol):
    """The database of one vault, shared by every task of a process and by other processes."""

    def unit_of_work(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """Begin a change; leaving without `commit`, by error or cancellation, undoes it."""
        ...

    def reading(self) -> AbstractAsyncContextManager[Repositories]:
        """Begin a snapshot for reading; it neither waits for writers nor stops them."""
        ...

    async def check(self) -> None:
        """Pass if the log could be written now; raise `DatabaseUnavailable`."""
        ...

    async def tidy(self) -> None:
        """Let go of the past that is kept beside the tables, where that is ours to do.

        Embedded, what was dropped is in no file then. A server's archives and dead rows are its own affair:
        what must be gone lies under slots, and is noise there.
        """
        ...

    async def close(self) -> None:
        """End what is under way and close every connection."""
        ...
