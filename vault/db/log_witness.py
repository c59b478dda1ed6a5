"""What this process saw of the log, so that nobody can rewrite it under a running service.

The head row is whatever the database says, and the next group signs what grows from it. So before a group
grows the log, the log must still be the one this process knows, or that one continued by other processes, and
agree with what they signed. A database put back from a copy, a replica that lags, an entry edited or added
together with the head: from then on nothing is written.
"""

from __future__ import annotations

from sqlalchemy import select

from vault.audit.checkpoint import Checkpoint
from vault.audit.edge import SignedEdge
from vault.audit.tree import Frontier, leaf_hash
from vault.db.connection import AsyncConnection
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

    def saw(self, frontier: Frontier) -> None:
        """Remember the right edge of a log that is durable, and signed."""
        self._seen, self._is_signed = frontier, True

    async def look(self, connection: AsyncConnection) -> None:
        """Remember the right edge as it stands, for a process that has just begun; none is no error.

        Raises `DatabaseMoved`.
        """
        row = (await connection.execute(select(log_head.c.size, log_head.c.frontier))).one_or_none()
        if row is not None:
            must_not_be_moved(row.size)
            self._seen = Frontier.decode(row.frontier)

    async def check(self, connection: AsyncConnection, edge: SignedEdge) -> None:
        """Pass if the log is what was seen, or that with signed entries after it; raise `LogUnavailable`."""
        seen, now = self._seen, edge.frontier
        if seen == now and self._is_signed:
            return
        signed = await self._notary.kept()
        if seen is not None and not await _continues(connection, seen, signed, now):
            raise LogUnavailable(
                f"the log in the database does not continue the {seen.size} entries that this process knows, "
                "or those signed: it was rewritten, or put back from a copy; nothing is written any more"
            )
        try:
            self._notary.must_be_signed(edge, signed)
        except LogCorrupt as error:
            raise LogUnavailable(f"{error}; nothing is written any more") from error
        self.saw(now)


async def _continues(
    connection: AsyncConnection, seen: Frontier, signed: Checkpoint | None, now: Frontier
) -> bool:
    """Grow what was seen by the entries after it: it must become what was signed, and then `now`."""
    if signed is not None and signed.size > seen.size:
        seen = await _grown(connection, seen, signed.size)
        if (seen.size, seen.root()) != (signed.size, signed.root):
            return False
    return await _grown(connection, seen, now.size) == now


async def _grown(connection: AsyncConnection, seen: Frontier, size: int) -> Frontier:
    """Return the right edge with the entries of the database after it, up to `size` if they are there."""
    while seen.size < size:
        query = select(_record).where(_index >= seen.size, _index < size).order_by(_index)
        records = (await connection.execute(query.limit(ENTRIES_PER_STEP))).scalars().all()
        if not records:
            break
        seen = seen.extend(map(leaf_hash, records))
    return seen
