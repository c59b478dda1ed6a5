"""How customers come in: links, sessions, and what a session has opened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Table, bindparam, delete, insert, select

from vault.db.prefixes import the_only_id
from vault.db.rows import row_of, save_row
from vault.db.statements import Query, Statements
from vault.db.tables import link_recordings, links, openings, session_recordings, sessions
from vault.domain.access import Link, Session
from vault.domain.names import CustomerId, LinkId, RecordingId, SessionId

_OWNERS_PER_STEP = 500
_NARROWED = {
    table: select(table.c[owner], table.c.recording)
    .where(table.c[owner].in_(bindparam("owners", expanding=True)))
    .order_by(table.c.position)
    for owner, table in (("link", link_recordings), ("session", session_recordings))
}
_LINK_BY_TOKEN = select(links).where(links.c.token_id == bindparam("key"))
_SESSION = select(sessions).where(sessions.c.id == bindparam("key"))
_HAS_OPENED = select(openings.c.session).where(
    openings.c.session == bindparam("session"), openings.c.recording == bindparam("recording")
)


class SqlLinks:
    """`Links`."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def add(self, link: Link) -> None:
        """Add a link; raise `NotFound` for an unknown customer."""
        await self._statements.write(insert(links).values(row_of(links, link)))
        if link.recordings:
            await self._statements.write(insert(link_recordings), _narrowing("link", link))

    async def save(self, link: Link) -> None:
        """Keep a changed link (its recordings never change); raise `NotFound`."""
        await save_row(self._statements, links, link, links.c.id == link.id)

    async def by_token(self, token_id: str) -> Link | None:
        """Return the link whose token has that digest."""
        return next(iter(await self._links(_LINK_BY_TOKEN, {"key": token_id})), None)

    async def find(self, prefix: str) -> Link:
        """Return the link whose id begins so; raise `NotFound` or `Ambiguous`."""
        found = LinkId(await the_only_id(self._statements, links.c.id, prefix, "link"))
        (link,) = await self._links(select(links).where(links.c.id == found))
        return link

    async def get(self, link: LinkId) -> Link | None:
        """Return the link of that id."""
        return next(iter(await self._links(select(links).where(links.c.id == link))), None)

    async def all(self, customer: CustomerId | None = None) -> Sequence[Link]:
        """Return every link, or a customer's, newest first."""
        query = select(links).order_by(links.c.created_at.desc(), links.c.id)
        return await self._links(query if customer is None else query.where(links.c.customer == customer))

    async def _links(self, query: Query, values: Mapping[str, str] | None = None) -> list[Link]:
        rows = (await self._statements.read(query, values)).mappings().all()
        narrowed = await _recordings_of(self._statements, link_recordings, rows)
        return [Link(**row, recordings=narrowed[row["id"]]) for row in rows]


class SqlSessions:
    """`Sessions`."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def add(self, session: Session) -> None:
        """Add a session; raise `NotFound` for an unknown customer."""
        await self._statements.write(insert(sessions).values(row_of(sessions, session)))
        if session.recordings:
            await self._statements.write(insert(session_recordings), _narrowing("session", session))

    async def get(self, session: SessionId) -> Session | None:
        """Return the session of that id, expired or not."""
        return next(iter(await self._sessions(_SESSION, {"key": session})), None)

    async def remove(self, session: SessionId) -> None:
        """Drop the session with what it opened; one that is gone is no error."""
        await self._statements.write(delete(sessions).where(sessions.c.id == session))

    async def of_customer(self, customer: CustomerId) -> Sequence[Session]:
        """Return a customer's sessions, oldest first."""
        query = select(sessions).where(sessions.c.customer == customer)
        return await self._sessions(query.order_by(sessions.c.created_at, sessions.c.id))

    async def of_link(self, link: LinkId) -> Sequence[Session]:
        """Return the sessions that came by a link, oldest first."""
        query = select(sessions).where(sessions.c.link == link)
        return await self._sessions(query.order_by(sessions.c.created_at, sessions.c.id))

    async def expired(self, now: datetime, limit: int) -> Sequence[Session]:
        """Return sessions that have expired, the longest expired first, `limit` at most."""
        query = select(sessions).where(sessions.c.expires_at <= now)
        return await self._sessions(query.order_by(sessions.c.expires_at).limit(limit))

    async def first_opening(self, session: SessionId, recording: RecordingId) -> bool:
        """Note that this session opened this recording; say whether it is the first time."""
        if await self.has_opened(session, recording):
            return False
        await self._statements.write(insert(openings).values(session=session, recording=recording))
        return True

    async def has_opened(self, session: SessionId, recording: RecordingId) -> bool:
        """Say whether this session opened this recording before."""
        wanted = {"session": session, "recording": recording}
        return (await self._statements.read(_HAS_OPENED, wanted)).first() is not None

    async def _sessions(self, query: Query, values: Mapping[str, str] | None = None) -> list[Session]:
        rows = (await self._statements.read(query, values)).mappings().all()
        narrowed = await _recordings_of(self._statements, session_recordings, rows)
        return [Session(**row, recordings=narrowed[row["id"]]) for row in rows]


def _narrowing(owner: str, value: Link | Session) -> list[dict[str, Any]]:
    """Return the rows of the recordings to which a link or session is narrowed."""
    return [
        {owner: value.id, "position": position, "recording": recording}
        for position, recording in enumerate(value.recordings)
    ]


async def _recordings_of(
    statements: Statements, table: Table, owners: Sequence[RowMapping]
) -> Mapping[str, tuple[RecordingId, ...]]:
    """Return the recordings to which links or sessions are narrowed, by their ids."""
    found: defaultdict[str, tuple[RecordingId, ...]] = defaultdict(tuple)
    for start in range(0, len(owners), _OWNERS_PER_STEP):
        ids = [row["id"] for row in owners[start : start + _OWNERS_PER_STEP]]
        for owner, recording in await statements.read(_NARROWED[table], {"owners": ids}):
            found[owner] += (recording,)
    return found
