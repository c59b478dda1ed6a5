"""The end of the log while a group is being written: entries in memory, with the places they will have."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from vault.audit.details import SALT_BYTES, canonical_row, row_digest
from vault.audit.edge import SignedEdge
from vault.audit.entry import Entry, next_time
from vault.audit.tree import leaf_hash
from vault.db.connection import AsyncConnection
from vault.db.log_tables import edge_in, log_details, log_entries, log_head, must_not_be_moved
from vault.db.log_tiles import store_completed_tiles
from vault.domain.event import AuditEvent
from vault.errors import LogCorrupt
from vault.ports.log import Appended
from vault.ports.notary import Notary

_HEAD = select(log_head).with_for_update()
_ADD_ENTRIES, _ADD_DETAILS, _MOVE_HEAD = insert(log_entries), insert(log_details), update(log_head)


@dataclass(frozen=True, slots=True)
class Pending:
    """An entry that no statement has written yet: its rows, and its hash as a leaf."""

    entry: dict[str, Any]
    detail: dict[str, Any]
    leaf: bytes


@dataclass(frozen=True, slots=True)
class Mark:
    """How the tail was at one moment, to go back to."""

    stored: SignedEdge
    last_time: datetime | None
    pending: tuple[Pending, ...]


class LogTail:
    """Gives entries their index and time, and writes them with their tiles and the new head.

    It lives as long as one transaction, in which nobody else can change the head row. `last_time` is that of
    the newest entry: no other is before it.
    """

    def __init__(self, stored: SignedEdge, notary: Notary) -> None:
        self._stored = stored
        self._notary = notary
        self.last_time: datetime | None = None
        self._pending: list[Pending] = []
        self._newest: tuple[int, bytes] | None = None

    @classmethod
    async def load(cls, connection: AsyncConnection, notary: Notary) -> LogTail:
        """Read the head row, locked where a database locks rows: whoever has it is the only writer.

        Its time is not believed, for nobody signed it: `LogWitness.check` has the true one. Raises
        `LogCorrupt` without a row, `DatabaseMoved`.
        """
        row = (await connection.execute(_HEAD)).one_or_none()
        if row is None:
            raise LogCorrupt("the right edge of the log is missing")
        must_not_be_moved(row.size)
        return cls(edge_in(row.size, row.frontier, row.note), notary)

    @property
    def edge(self) -> SignedEdge:
        """The right edge as the database has it; that of the whole log once `store` returned."""
        return self._stored

    @property
    def size(self) -> int:
        """How many entries that edge has."""
        return self._stored.frontier.size

    def append(self, event: AuditEvent, now: datetime) -> Appended:
        """Take the event as the next entry; raise `LogCorrupt` for one that the log can't hold."""
        index = self.size + len(self._pending)
        time = next_time(now, self.last_time)
        salt, row = secrets.token_bytes(SALT_BYTES), canonical_row(event.detail_row())
        entry = _entry_of(event, index, time, row_digest(salt, row))
        record = entry.encode()
        self._pending.append(
            Pending(
                entry=_columns(entry, record),
                detail={"index": index, "salt": salt, "detail": row.decode()},
                leaf=leaf_hash(record),
            )
        )
        self.last_time = time
        return Appended(index, time, record)

    def mark(self) -> Mark:
        """Note how it is now."""
        return Mark(self._stored, self.last_time, tuple(self._pending))

    def go_back(self, mark: Mark) -> None:
        """Drop what came since `mark`; what was stored since must have been undone by its savepoint."""
        self._stored, self.last_time, self._pending = mark.stored, mark.last_time, list(mark.pending)

    async def is_in(self, connection: AsyncConnection) -> bool:
        """Say whether the newest entry that was stored is there; its salt makes it like no other."""
        if self._newest is None:
            return False
        index, record = self._newest
        query = select(log_entries.c.record).where(log_entries.c.index == index)
        return bool(await connection.scalar(query) == record)

    async def store(self, connection: AsyncConnection) -> None:
        """Write what is pending, under a new signature."""
        if not self._pending:
            return
        leaves = [each.leaf for each in self._pending]
        grown = self._stored.frontier.extend(leaves)
        note = self._notary.sign(grown)
        await connection.execute(_ADD_ENTRIES, [each.entry for each in self._pending])
        await connection.execute(_ADD_DETAILS, [each.detail for each in self._pending])
        await store_completed_tiles(connection, self.size, leaves)
        head = {"size": grown.size, "frontier": grown.encode(), "last_time": self.last_time}
        await connection.execute(_MOVE_HEAD, {**head, "note": note})
        newest = self._pending[-1].entry
        self._newest = newest["index"], newest["record"]
        self._stored, self._pending = SignedEdge(grown, note), []


def _entry_of(event: AuditEvent, index: int, time: datetime, detail: str) -> Entry:
    return Entry(
        index=index,
        time=time,
        actor=event.actor.id,
        action=event.action.value,
        outcome=event.outcome.value,
        channel=event.actor.channel.value,
        recording=event.recording,
        facts=event.entry_facts(),
        detail=detail,
    )


def _columns(entry: Entry, record: bytes) -> dict[str, Any]:
    """Return the row of an entry: its bytes, and by what it can be found."""
    return {
        "index": entry.index,
        "time": entry.time,
        "actor": entry.actor,
        "action": entry.action,
        "outcome": entry.outcome,
        "channel": entry.channel,
        "recording": entry.recording,
        "customer": entry.facts.get("customer"),
        "record": record,
    }
