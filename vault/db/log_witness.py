"""What this process saw of the log, so that nobody can rewrite it under a running service.

The head row is whatever the database says, and the next group signs what grows from it. So before a group grows
the log, the log must still be the one this process knows, or that one continued by other processes. A database
put back from a copy, a replica that lags, a row edited together with the head: from then on nothing is written.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from vault.audit.tree import Frontier, leaf_hash
from vault.db.log_tables import log_entries, log_head
from vault.errors import LogUnavailable

ENTRIES_PER_STEP = 4096

_index, _record = log_entries.c.index, log_entries.c.record


class LogWitness:
    """Remembers the right edge of the log; costs a comparison where no other process wrote."""

    def __init__(self) -> None:
        self._seen: Frontier | None = None

    def saw(self, frontier: Frontier) -> None:
        """Remember the right edge of a log that is durable."""
        self._seen = frontier

    async def look(self, connection: AsyncConnection) -> None:
        """Remember the right edge as it stands, for a process that has just begun; none is no error."""
        encoded: bytes | None = (await connection.execute(select(log_head.c.frontier))).scalar()
        if encoded is not None:
            self.saw(Frontier.decode(encoded))

    async def check(self, connection: AsyncConnection, now: Frontier) -> None:
        """Pass if `now` is what was seen, or that with entries after it; raise `LogUnavailable`."""
        if self._seen not in (None, now):
            await self._must_continue(connection, self._seen or now, now)
        self.saw(now)

    async def _must_continue(self, connection: AsyncConnection, seen: Frontier, now: Frontier) -> None:
        grown = seen
        while grown.size < now.size:
            query = select(_record).where(_index >= grown.size, _index < now.size).order_by(_index)
            records = (await connection.execute(query.limit(ENTRIES_PER_STEP))).scalars().all()
            if not records:
                break
            grown = grown.extend(map(leaf_hash, records))
        if grown != now:
            raise LogUnavailable(
                f"the log in the database no longer continues the {seen.size} entries that this process knows: "
                "it was rewritten, or put back from a copy. Nothing is written; restart to see what differs"
            )
