"""Legal holds."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, insert, select

from vault.db.prefixes import the_only_id
from vault.db.rows import row_of, save_row
from vault.db.statements import AnyRow, Statements
from vault.db.tables import holds
from vault.domain.hold import LegalHold
from vault.domain.names import RecordingId

_BY_ID = select(holds).where(holds.c.id == bindparam("key"))
_OF = select(holds).where(holds.c.recording == bindparam("key")).order_by(holds.c.placed_at, holds.c.id)
_ALL = select(holds).order_by(holds.c.placed_at.desc(), holds.c.id.desc())
_IN_FORCE = _ALL.where(holds.c.released_at.is_(None))


class SqlHolds:
    """`Holds`."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def add(self, hold: LegalHold) -> None:
        """Place a hold; raise `NotFound` for an unknown recording."""
        await self._statements.write(insert(holds).values(row_of(holds, hold)))

    async def save(self, hold: LegalHold) -> None:
        """Keep a released hold; raise `NotFound`."""
        await save_row(self._statements, holds, hold, holds.c.id == hold.id)

    async def find(self, prefix: str) -> LegalHold:
        """Return the hold whose id begins so; raise `NotFound` or `Ambiguous`."""
        found = await the_only_id(self._statements, holds.c.id, prefix, "hold")
        return _hold((await self._statements.read(_BY_ID, {"key": found})).one())

    async def of(self, recording: RecordingId) -> Sequence[LegalHold]:
        """Return a recording's holds, released ones too, oldest first."""
        return [_hold(row) for row in await self._statements.read(_OF, {"key": recording})]

    async def all(self, *, in_force: bool = False) -> Sequence[LegalHold]:
        """Return every hold, or those in force alone, newest first."""
        return [_hold(row) for row in await self._statements.read(_IN_FORCE if in_force else _ALL)]


def _hold(row: AnyRow) -> LegalHold:
    return LegalHold(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
