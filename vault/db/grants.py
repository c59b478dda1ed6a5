"""Grants, and openings that a second DPO approves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import bindparam, insert, select

from vault.db.grant_tables import grants, opening_requests
from vault.db.prefixes import the_only_id
from vault.db.rows import row_of, save_row
from vault.db.statements import AnyRow, Query, Statements
from vault.domain.event import Action
from vault.domain.grant import Grant, GrantState
from vault.domain.names import GrantId, RecordingId, StaffId
from vault.domain.opening_request import OpeningRequest
from vault.ports.grants import GrantFilter

_GRANT = select(grants).where(grants.c.id == bindparam("key"))
_REQUEST = select(opening_requests).where(opening_requests.c.id == bindparam("key"))


class SqlGrants:
    """`Grants`."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def add(self, grant: Grant) -> None:
        """Add a grant; raise `NotFound` for an unknown recording or person."""
        await self._statements.write(insert(grants).values(row_of(grants, grant)))

    async def save(self, grant: Grant) -> None:
        """Keep a changed grant; raise `NotFound`."""
        await save_row(self._statements, grants, grant, grants.c.id == grant.id)

    async def get(self, grant: GrantId) -> Grant | None:
        """Return the grant of that id, ended or not."""
        row = (await self._statements.read(_GRANT, {"key": grant})).one_or_none()
        return None if row is None else _grant(row)

    async def find(self, prefix: str) -> Grant:
        """Return the grant whose id begins so; raise `NotFound` or `Ambiguous`."""
        found = await the_only_id(self._statements, grants.c.id, prefix, "grant")
        return _grant((await self._statements.read(_GRANT, {"key": found})).one())

    async def list(self, which: GrantFilter) -> Sequence[Grant]:
        """Return the newest first."""
        wanted = {"recording": which.recording, "manager": which.manager}
        given = {name: value for name, value in wanted.items() if value is not None}
        query = _list(tuple(given), unended=which.unended)
        return [_grant(row) for row in await self._statements.read(query, given)]

    async def expired(self, now: datetime, limit: int) -> Sequence[Grant]:
        """Return those that have not ended and whose time is over, the longest first, `limit` at most."""
        over = select(grants).where(grants.c.ended_at.is_(None), grants.c.expires_at <= now)
        rows = await self._statements.read(over.order_by(grants.c.expires_at).limit(limit))
        return [_grant(row) for row in rows]


class SqlOpeningRequests:
    """`OpeningRequests`."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def add(self, request: OpeningRequest) -> None:
        """Add a request; raise `NotFound` for an unknown recording or person."""
        await self._statements.write(insert(opening_requests).values(row_of(opening_requests, request)))

    async def save(self, request: OpeningRequest) -> None:
        """Keep a changed request; raise `NotFound`."""
        await save_row(self._statements, opening_requests, request, opening_requests.c.id == request.id)

    async def find(self, prefix: str) -> OpeningRequest:
        """Return the request whose id begins so; raise `NotFound` or `Ambiguous`."""
        found = await the_only_id(self._statements, opening_requests.c.id, prefix, "request")
        return _request((await self._statements.read(_REQUEST, {"key": found})).one())

    async def all(self) -> Sequence[OpeningRequest]:
        """Return every request, the oldest first."""
        table = opening_requests.c
        query = select(opening_requests).order_by(table.requested_at, table.id)
        return [_request(row) for row in await self._statements.read(query)]

    async def not_used(self, requested_by: StaffId | None, limit: int) -> Sequence[OpeningRequest]:
        """Return those that nobody has used, approved or not, of a person or of all; the newest first."""
        table = opening_requests.c
        query = select(opening_requests).where(table.used_at.is_(None))
        query = query if requested_by is None else query.where(table.requested_by == requested_by)
        rows = query.order_by(table.requested_at.desc(), table.id.desc()).limit(limit)
        return [_request(row) for row in await self._statements.read(rows)]

    async def unused(
        self, recording: RecordingId, requested_by: StaffId, action: Action
    ) -> Sequence[OpeningRequest]:
        """Return what was approved for this and not used yet, the oldest approval first."""
        table = opening_requests.c
        query = select(opening_requests).where(
            table.recording == recording,
            table.requested_by == requested_by,
            table.action == action.value,
            table.approved_at.is_not(None),
            table.used_at.is_(None),
        )
        rows = await self._statements.read(query.order_by(table.approved_at, table.id))
        return [_request(row) for row in rows]


@cache
def _list(fields: tuple[str, ...], *, unended: bool) -> Query:
    """Return the query for grants by these fields; every shred asks one of them."""
    query = select(grants).order_by(grants.c.issued_at.desc(), grants.c.id.desc())
    query = query.where(*(grants.c[name] == bindparam(name) for name in fields))
    return query.where(grants.c.ended_at.is_(None)) if unended else query


def _grant(row: AnyRow) -> Grant:
    return Grant(**{**row._mapping, "state": GrantState(row.state)})  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


def _request(row: AnyRow) -> OpeningRequest:
    return OpeningRequest(**{**row._mapping, "action": Action(row.action)})  # noqa: SLF001 - as above
