"""The access log as use cases see it: appended within a unit of work, read from a snapshot."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from vault.audit.edge import SignedEdge
from vault.audit.tree import Node
from vault.domain.event import Action, AuditEvent, Outcome
from vault.domain.names import CustomerId, RecordingId


@dataclass(frozen=True, slots=True)
class Appended:
    """An entry's place in the log: durable once the unit of work's `commit` returns."""

    index: int
    time: datetime
    record: bytes


class LogWriter(Protocol):
    """Appends to the log in the transaction of the change that the event records."""

    async def append(self, event: AuditEvent) -> Appended:
        """Give the event the next index and a time not before the last entry's; keep its detail row."""
        ...

    async def erase_details(self, first: int, last: int) -> None:
        """Drop the detail rows of the entries `first` to `last`, with their salts; the entries stay.

        Raise `DatabaseForbids` where the database lets another role alone do it; the unit of work goes on.
        """
        ...


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which entries: every given field must fit."""

    actor: str | None = None
    recording: RecordingId | None = None
    customer: CustomerId | None = None
    action: Action | None = None
    outcome: Outcome | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry's canonical bytes with its detail row, or None where that was erased or there is none."""

    index: int
    record: bytes
    salt: bytes | None
    detail: Mapping[str, str | int | bool] | None


@dataclass(frozen=True, slots=True)
class StoredRun:
    """Entries of consecutive indexes as they lie in the store, one list a column, unchecked.

    `details` are detail rows as they were written, in JSON; they and the salts are None where they were
    erased. `columns` are what an entry can be found by: its time, actor, action, outcome, channel, recording
    and customer; None of a store that has no such columns.
    """

    first_index: int
    records: Sequence[bytes]
    salts: Sequence[object]
    details: Sequence[object]
    columns: Sequence[Sequence[object]] | None = None


class LogReader(Protocol):
    """Reads the log."""

    async def size(self) -> int: ...
    async def edge(self) -> SignedEdge:
        """Return the right edge as it stands in the head row, whoever put it there."""
        ...

    async def entry(self, index: int) -> StoredEntry | None: ...
    async def list(
        self, which: EventFilter, *, before: int | None = None, limit: int = 100
    ) -> Sequence[StoredEntry]:
        """Return the newest first, those below `before`, `limit` at most."""
        ...

    def scan(self, start: int, stop: int) -> AsyncIterator[StoredEntry]:
        """Yield entries in order; a missing one is left out."""
        ...

    def runs(self, start: int, stop: int) -> AsyncIterator[StoredRun]:
        """Yield the same in runs, for whoever reads a whole log: a run ends where an entry is missing."""
        ...

    async def orphaned_details(self, limit: int) -> Sequence[int]:
        """Return the indexes of detail rows beside which there is no entry, ascending, `limit` at most."""
        ...

    async def strays(self, limit: int) -> Sequence[int]:
        """Return the indexes of entries outside the log, negative or from its size on, `limit` at most."""
        ...

    async def nodes(self, wanted: Iterable[Node], size: int) -> Mapping[Node, bytes]:
        """Return the hashes of complete subtrees, from kept tiles and the entries after them.

        Raise `LogCorrupt` when one can't be had.
        """
        ...

    def tiles(self) -> AsyncIterator[tuple[int, int, bytes]]:
        """Yield every full tile kept, as a growing log fills them: level, index, 256 hashes."""
        ...
