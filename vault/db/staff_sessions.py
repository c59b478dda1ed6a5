"""Sessions of staff, and their table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Column, ForeignKey, LargeBinary, String, Table, bindparam, delete, insert, select

from vault.db.rows import row_of
from vault.db.statements import AnyRow, Statements
from vault.db.tables import metadata
from vault.db.types import Moment, Whole
from vault.domain.names import SessionId, StaffId
from vault.domain.staff_session import ProofKind, StaffSession

staff_sessions = Table(
    "staff_sessions",
    metadata,
    Column("id", String, primary_key=True),
    Column("staff", ForeignKey("staff.id"), nullable=False, index=True),
    Column("proof", String, nullable=False),
    Column("lock", Whole, nullable=False),
    Column("slot", Whole, nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
)

_SESSION = select(staff_sessions).where(staff_sessions.c.id == bindparam("key"))


class SqlStaffSessions:
    """`StaffSessions`."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def add(self, session: StaffSession) -> None:
        """Add a session; raise `NotFound` for an unknown person, `Conflict` for one that is there."""
        await self._statements.write(insert(staff_sessions).values(row_of(staff_sessions, session)))

    async def get(self, session: SessionId) -> StaffSession | None:
        """Return the session of that id, expired or not."""
        row = (await self._statements.read(_SESSION, {"key": session})).one_or_none()
        return None if row is None else _session(row)

    async def remove(self, session: SessionId) -> None:
        """Drop the session; one that is gone is no error."""
        await self._statements.write(delete(staff_sessions).where(staff_sessions.c.id == session))

    async def of(self, staff: StaffId) -> Sequence[StaffSession]:
        """Return a person's sessions, oldest first."""
        query = select(staff_sessions).where(staff_sessions.c.staff == staff)
        query = query.order_by(staff_sessions.c.created_at, staff_sessions.c.id)
        return [_session(row) for row in await self._statements.read(query)]

    async def expired(self, now: datetime, limit: int) -> Sequence[StaffSession]:
        """Return those that have expired, the longest expired first, `limit` at most."""
        query = select(staff_sessions).where(staff_sessions.c.expires_at <= now)
        query = query.order_by(staff_sessions.c.expires_at).limit(limit)
        return [_session(row) for row in await self._statements.read(query)]


def _session(row: AnyRow) -> StaffSession:
    return StaffSession(**{**row._mapping, "proof": ProofKind(row.proof)})  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
