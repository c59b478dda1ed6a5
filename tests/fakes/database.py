"""A database in memory with the semantics of the real one: turns, undoing, durable snapshots, group commit.

What a body committed is seen by the next body at once, and by readers once it is durable. A test may hold
the disk up in between (`hold_commits`), to see who acts on what is not durable yet.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Self, TypeVar

from keys.errors import KeysError
from tests.fakes.grants import MemoryGrants, MemoryOpeningRequests
from tests.fakes.holds import MemoryHolds
from tests.fakes.log import MemoryLogReader, MemoryLogWriter
from tests.fakes.power import Power
from tests.fakes.recording_parts import MemoryRecordingParts
from tests.fakes.recordings import MemoryRecordings, MemorySlotClaims
from tests.fakes.renewals import MemoryRenewals
from tests.fakes.repositories import (
    MemoryBlobDeletions,
    MemoryCustomers,
    MemoryGuesses,
    MemoryIdentities,
    MemoryIdentity,
    MemoryLinks,
    MemorySessions,
    MemorySources,
    MemoryStaff,
)
from tests.fakes.staff_sessions import MemoryStaffSessions
from tests.fakes.state import State
from vault.audit.edge import SignedEdge
from vault.errors import DatabaseUnavailable, LogUnavailable
from vault.ports import repositories as ports
from vault.ports.clock import Clock
from vault.ports.database import Repositories, UnitOfWork
from vault.ports.grants import Grants, OpeningRequests
from vault.ports.holds import Holds
from vault.ports.housekeeping import BlobDeletions, Guesses
from vault.ports.log import LogReader, LogWriter
from vault.ports.notary import Notary
from vault.ports.recording_parts import RecordingParts
from vault.ports.renewals import Renewals
from vault.ports.staff_sessions import StaffSessions

T = TypeVar("T")


class MemoryRepositories:
    """`Repositories` on a state."""

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

    def __init__(self, state: State) -> None:
        self.vault = MemoryIdentity(state)
        self.customers = MemoryCustomers(state)
        self.sources = MemorySources(state)
        self.staff = MemoryStaff(state)
        self.identities = MemoryIdentities(state)
        self.links = MemoryLinks(state)
        self.sessions = MemorySessions(state)
        self.recordings = MemoryRecordings(state)
        self.recording_parts = MemoryRecordingParts(state)
        self.holds = MemoryHolds(state)
        self.grants = MemoryGrants(state)
        self.opening_requests = MemoryOpeningRequests(state)
        self.slots = MemorySlotClaims(state)
        self.blob_deletions = MemoryBlobDeletions(state)
        self.guesses = MemoryGuesses(state)
        self.renewals = MemoryRenewals(state)
        self.staff_sessions = MemoryStaffSessions(state)
        self.events = MemoryLogReader(state)


class MemoryUnitOfWork(MemoryRepositories):
    """`UnitOfWork` on a copy of the state, while it has the turn."""

    log: LogWriter

    def __init__(self, database: MemoryDatabase, state: State) -> None:
        super().__init__(state)
        self.log = MemoryLogWriter(state, database.clock)
        self.over = False
        self._state = state
        self._database = database

    async def commit(self) -> None:
        """Hand the state over and give the turn up; return once it is durable."""
        if self.over:
            raise RuntimeError("this unit of work is over")
        self.over = True
        await self._database.keep(self._state)


class MemoryDatabase:
    """`Database`. `state` is what is durable; a test may look into it and forge it."""

    def __init__(self, clock: Clock, state: State | None = None, *, notary: Notary) -> None:
        self.clock = clock
        self._notary = notary
        self.state = state or State()
        self.power = Power()
        self.down = False
        self.turns = 0  # how often somebody had the turn to write
        self._latest = self.state
        self._turn = asyncio.Lock()
        self._failure: Exception | None = None
        self._fails_once = False
        self._arrivals = asyncio.Semaphore(0)
        self._held: asyncio.Future[None] | None = None

    def copy(self) -> Self:
        """Return the database that a backup of this moment would bring back."""
        return type(self)(self.clock, self.state.copy(), notary=self._notary)

    def fail_commit_with(self, error: Exception | None, *, once: bool = False) -> None:
        """Let every commit fail like this, until called with None; or the next one alone."""
        self._failure, self._fails_once = error, once

    def hold_commits(self) -> None:
        """Let nothing become durable until `release_commits`; bodies go on taking turns."""
        self._held = asyncio.get_running_loop().create_future()

    def release_commits(self, error: Exception | None = None) -> None:
        """Let the disk answer everybody who waits, by an error if one is given."""
        held, self._held = self._held, None
        assert held is not None
        if error is None:
            self.state = self._latest
            held.set_result(None)
        else:
            self._latest = self.state
            held.set_exception(error)

    async def until_stuck(self, *tasks: asyncio.Task[Any]) -> None:
        """Return once every task waits for the disk that is held up, or one of them is done."""
        for _ in tasks:
            arrival = asyncio.create_task(self._arrivals.acquire())
            await asyncio.wait({arrival, *tasks}, return_when=asyncio.FIRST_COMPLETED)
            if not arrival.done():
                arrival.cancel()
                return

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[UnitOfWork]:
        """Take the turn; leaving without `commit` undoes."""
        await self._turn.acquire()
        self.turns += 1
        work: MemoryUnitOfWork | None = None
        try:
            await self.check()
            work = MemoryUnitOfWork(self, self._latest.copy())
            yield work
        finally:
            if work is None or not work.over:
                self._turn.release()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Repositories]:
        """Begin a snapshot of what is durable."""
        await self.check()
        yield MemoryRepositories(self.state.copy())

    async def change(self, body: Callable[[UnitOfWork], Coroutine[Any, Any, T]]) -> T:
        """Take the turn for a body, and commit it."""
        async with self.unit_of_work() as work:
            answer = await body(work)
            await work.commit()
        return answer

    async def read(self, body: Callable[[Repositories], Coroutine[Any, Any, T]]) -> T:
        """Read in a snapshot of what is durable."""
        async with self.reading() as rows:
            return await body(rows)

    async def check(self) -> None:
        """Pass unless `down`."""
        if self.down:
            raise DatabaseUnavailable("the memory is down, as the test asked")

    async def tidy(self) -> None:
        """Do nothing: what was dropped lies nowhere."""

    async def close(self) -> None:
        """Do nothing."""

    async def keep(self, state: State) -> None:
        """Make a body's state the latest, give its turn up, and wait for the disk."""
        try:
            self.power.step("before commit")
            if (failure := self._failure) is not None:
                self._failure = None if self._fails_once else failure
                raise failure
            before, self._latest = self._latest, state
            if state.frontier.size > before.frontier.size:
                state.note = self._notary.sign(state.frontier)
        finally:
            self._turn.release()
        if self._held is None:
            self.state = self._latest
        else:
            self._arrivals.release()
            await asyncio.shield(self._held)
        self.power.step("after commit")
        if state.frontier.size > before.frontier.size:
            await self._tell(SignedEdge(state.frontier, state.note))

    async def _tell(self, edge: SignedEdge) -> None:
        try:
            await self._notary.keep(edge)
        except KeysError as error:
            raise LogUnavailable("the access log's head can't be written") from error
