"""The database: reading snapshots and units of work, in which a change and its log entry commit together."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeVar

from vault.ports.grants import Grants, OpeningRequests
from vault.ports.holds import Holds
from vault.ports.housekeeping import BlobDeletions, Guesses
from vault.ports.log import LogReader, LogWriter
from vault.ports.recording_parts import RecordingParts
from vault.ports.renewals import Renewals
from vault.ports.repositories import (
    Customers,
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

T = TypeVar("T")


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
    recording_parts: RecordingParts
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
    """The database of one vault, shared by every task of a process and by other processes.

    `change` and `read` are the quick ways, for what is done many times a second: all statements of a body
    make one trip to the database's thread. The body runs there. It awaits its repositories and the slots and
    nothing else, and leaves alone what the event loop works with.
    """

    def unit_of_work(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """Begin a change; leaving without `commit`, by error or cancellation, undoes it."""
        ...

    def reading(self) -> AbstractAsyncContextManager[Repositories]:
        """Begin a snapshot for reading; it neither waits for writers nor stops them."""
        ...

    async def change(self, body: Callable[[UnitOfWork], Coroutine[Any, Any, T]]) -> T:
        """Have a body make a change at one go, commit it and return what the body did; it does not commit.

        What it raises undoes it, and is raised. Cancelled before it began it leaves nothing; after that, it
        stays.
        """
        ...

    async def read(self, body: Callable[[Repositories], Coroutine[Any, Any, T]]) -> T:
        """Have a body read in a snapshot at one go, and return what it returns."""
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
