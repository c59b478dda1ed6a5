"""A database from before the log's right edge was signed in it: what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import column, select, table, true

from vault.db.engine import reading_engine
from vault.db.failures import vault_errors
from vault.db.schema import revision

_FIRST_SIGNED = "0009"
_head, _vault = table("log_head", column("size")), table("vault", column("id"))


@dataclass(frozen=True, slots=True)
class UnsignedLog:
    """The vault in such a database, and how many entries its log has."""

    vault: str
    size: int


async def unsigned_log(url: str) -> UnsignedLog | None:
    """Return what the database there holds if it is such a one; raise `DatabaseUnavailable`."""
    found = await revision(url)
    if found is None or found >= _FIRST_SIGNED:
        return None
    engine = reading_engine(url)
    try:
        with vault_errors():
            async with engine.connect() as connection:
                query = select(_vault.c.id, _head.c.size).join_from(_vault, _head, true())
                row = (await connection.execute(query)).one_or_none()
    finally:
        await engine.dispose()
    return None if row is None else UnsignedLog(row.id, max(row.size, -1 - row.size))  # see `DatabaseMoved`
