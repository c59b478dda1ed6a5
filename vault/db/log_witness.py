"""What this process saw of the log, so that nobody can rewrite it under a running service.

The head row is whatever the database says, and the next group signs what grows from it. So before a group
grows the log, the log must still be the one this process knows, or that one continued by other processes, and
agree with what they signed. A database put back from a copy, a replica that lags, an entry edited or added
together with the head: from then on nothing is written.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from vault.audit.checkpoint import Checkpoint
from vault.audit.edge import SignedEdge
from vault.audit.entry import Entry
from vault.audit.tree import Frontier, leaf_hash
from vault.db.connection import AsyncConnection
from vault.db.log_newest import newest_time
from vault.db.log_tables import log_entries, log_head, must_not_be_moved
from vault.errors import LogCorrupt, LogUnavailable
from vault.ports.notary import Notary

ENTRIES_PER_STEP = 4096

_index, _record = log_entries.c.index, log_entries.c.record


class LogWitness:
    """Remembers the right edge of the log; costs a comparison where no other process wrote."""

    def __init__(self, notary: Notary) -> None:
        self._notary = notary
        self._seen: Frontier | None = None
        self._is_signed = False  # whether what was seen is known to be of this vault
        self._last_time: datetime | None = None

    def saw(self, frontier: Frontier, last_time: datetime | None) -> None:
        """Remember the right edge of a log that is durable, and signed, and the time of its newest entry."""
        self._seen, self._is_signed, self._last_time = frontier, True, last_time

    async def look(self, connection: AsyncConnection) -> None:
        """Remember the right edge as it stands, for a process that has just begun; none is no error.

        Raises `DatabaseMoved`.
        """
        row = (await connection.execute(select(log_head.c.size, log_head.c.frontier))).one_or_none()
        if row is not None:
            must_not_be_moved(row.size)
            self._seen = Frontier.decode(row.frontier)

    async def check(self, connection: AsyncConnection, edge: SignedEdge) -> datetime | None:
        """Return the time of the newest entry of the log, None if it has none.

        Raise `LogUnavailable` unless the log is what was seen, or that with signed entries after it.
        """
        seen, now = self._seen, edge.frontier
        if seen == now and self._is_signed:
            return self._last_time
        signed, newest = await self._notary.kept(), None
        if seen is not None:
            grown, newest = await _grown(connection, seen, signed, now.size)
            if grown != now:
                raise LogUnavailable(
                    f"the log in the database does not continue the {seen.size} entries that this process "
                    "knows, or those signed: it was rewritten, or put back from a copy; nothing is written "
                    "any more"
                )
        try:
            self._notary.must_be_signed(edge, signed)
            last_time = await newest_time(connection, now) if newest is None else Entry.decode(newest).time
        except LogCorrupt as error:
            raise LogUnavailable(f"{error}; nothing is written any more") from error
        self.saw(now, last_time)
        return last_time


async def _grown(
    connection: AsyncConnection, seen: Frontier, signed: Checkpoint | None, size: int
) -> tuple[Frontier | None, bytes | None]:
    """Grow what was seen by the entries after it; return the right edge and the last of them, if any.

    On its way it must become what was signed, or there is no such edge.
    """
    newest = None
    if signed is not None and signed.size > seen.size:
        seen, newest = await _extended(connection, seen, signed.size)
        if (seen.size, seen.root()) != (signed.size, signed.root):
            return None, None
    grown, last = await _extended(connection, seen, size)
    return grown, last or newest


async def _extended(connection: AsyncConnection, seen: Frontier, size: int) -> tuple[Frontier, bytes | None]:
    """Return the right edge with the entries of the database after it, up to `size` if they are there."""
    newest: bytes | None = None
    while seen.size < size:
        query = select(_record).where(_index >= seen.size, _index < size).order_by(_index)
        records = (await connection.execute(query.limit(ENTRIES_PER_STEP))).scalars().all()
        if not records:
            break
        seen, newest = seen.extend(map(leaf_hash, records)), records[-1]
    return seen, newest
