"""Locked identities, by owner and generation."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from sqlalchemy import bindparam, insert, select, tuple_

from vault.db.rows import row_of, save_row
from vault.db.statements import AnyRow, Statements
from vault.db.tables import identities
from vault.domain.staff import LockedIdentity, Owner

_IDENTITIES_PER_STEP = 200  # up to some ten KiB each

_OF_OWNER = select(identities).where(
    identities.c.owner == bindparam("owner"), identities.c.owner_id == bindparam("owner_id")
)
_CURRENT = _OF_OWNER.order_by(identities.c.generation.desc()).limit(1)
_GENERATION = _OF_OWNER.where(identities.c.generation == bindparam("generation"))


class SqlIdentities:
    """`Identities`."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def current(self, owner: Owner, owner_id: str) -> LockedIdentity | None:
        """Return the highest generation of that owner."""
        wanted = {"owner": owner.value, "owner_id": owner_id}
        row = (await self._statements.read(_CURRENT, wanted)).one_or_none()
        return None if row is None else _identity(row)

    async def get(self, owner: Owner, owner_id: str, generation: int) -> LockedIdentity | None:
        """Return one generation of that owner."""
        wanted = {"owner": owner.value, "owner_id": owner_id, "generation": generation}
        row = (await self._statements.read(_GENERATION, wanted)).one_or_none()
        return None if row is None else _identity(row)

    async def owners(self, owner: Owner, *, after: str, limit: int) -> Sequence[str]:
        """Return the ids of owners of that kind, ascending, those after `after`, `limit` at most."""
        query = select(identities.c.owner_id).distinct()
        query = query.where(identities.c.owner == owner.value, identities.c.owner_id > after)
        rows = await self._statements.read(query.order_by(identities.c.owner_id).limit(limit))
        return rows.scalars().all()

    async def scan(self) -> AsyncIterator[LockedIdentity]:
        """Yield every identity, by owner and generation."""
        key = tuple_(identities.c.owner, identities.c.owner_id, identities.c.generation)
        last: tuple[object, ...] = ("", "", -1)
        while True:
            query = select(identities).where(key > last).order_by(*key.clauses).limit(_IDENTITIES_PER_STEP)
            rows = (await self._statements.read(query)).all()
            for row in rows:
                yield _identity(row)
            if len(rows) < _IDENTITIES_PER_STEP:
                return
            last = (rows[-1].owner, rows[-1].owner_id, rows[-1].generation)

    async def add(self, identity: LockedIdentity) -> None:
        """Add a new owner's identity, or a new generation; raise `Conflict` for one that is there."""
        await self._statements.write(insert(identities).values(row_of(identities, identity)))

    async def save(self, identity: LockedIdentity) -> None:
        """Keep a new lock (slot and sealed) for the same owner and generation; raise `NotFound`."""
        await save_row(
            self._statements,
            identities,
            identity,
            identities.c.owner == identity.owner.value,
            identities.c.owner_id == identity.owner_id,
            identities.c.generation == identity.generation,
        )


def _identity(row: AnyRow) -> LockedIdentity:
    return LockedIdentity(**{**row._mapping, "owner": Owner(row.owner)})  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
