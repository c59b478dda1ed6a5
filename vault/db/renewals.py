"""Renewals, and their table."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Column, LargeBinary, String, Table, bindparam, func, insert, select

from vault.db.rows import row_of, save_row
from vault.db.statements import AnyRow, Statements
from vault.db.tables import metadata
from vault.db.types import Moment, Whole
from vault.domain.renewal import Renewal, RenewalStage
from vault.domain.staff import Owner

renewals = Table(
    "renewals",
    metadata,
    Column("number", Whole, primary_key=True, autoincrement=False),
    Column("owner", String, nullable=False),
    Column("owner_id", String, nullable=False),
    Column("generation", Whole, nullable=False),
    Column("log_index", Whole, nullable=False),
    Column("begun_at", Moment, nullable=False),
    Column("stage", String, nullable=False),
    Column("locks", Whole, nullable=False),
    Column("recordings", Whole, nullable=False),
    Column("recordings_below", Whole, nullable=False),
    Column("locks_after", String, nullable=False),
    Column("locks_done", Whole, nullable=False),
    Column("recordings_done", Whole, nullable=False),
    Column("unopened", Whole, nullable=False),
    Column("finished_at", Moment),
    Column("vouched", LargeBinary),
)

_EPOCH = select(func.max(renewals.c.number))
_BY_NUMBER = select(renewals).where(renewals.c.number == bindparam("key"))
_UNFINISHED = select(renewals).where(renewals.c.finished_at.is_(None)).order_by(renewals.c.number)


class SqlRenewals:
    """`Renewals`."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def epoch(self) -> int:
        """Return the newest renewal's number; 0 before the first."""
        newest: int | None = (await self._statements.read(_EPOCH)).scalar()
        return newest or 0

    async def add(self, renewal: Renewal) -> None:
        """Begin one; raise `Conflict` for a number that is taken."""
        await self._statements.write(insert(renewals).values(row_of(renewals, renewal)))

    async def save(self, renewal: Renewal) -> None:
        """Keep how far it is; raise `NotFound`."""
        await save_row(self._statements, renewals, renewal, renewals.c.number == renewal.number)

    async def get(self, number: int) -> Renewal | None:
        """Return the renewal of that number."""
        row = (await self._statements.read(_BY_NUMBER, {"key": number})).one_or_none()
        return None if row is None else _renewal(row)

    async def unfinished(self) -> Sequence[Renewal]:
        """Return those that are not finished, the oldest first."""
        return [_renewal(row) for row in await self._statements.read(_UNFINISHED)]


def _renewal(row: AnyRow) -> Renewal:
    values = {**row._mapping, "owner": Owner(row.owner), "stage": RenewalStage(row.stage)}  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
    return Renewal(**values)
