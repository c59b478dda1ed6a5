"""Ids by their beginnings, as people type them."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select

from vault.db.statements import Statements
from vault.errors import Ambiguous, NotFound

_AFTER_EVERY_CHARACTER = "\x7f"  # ids are ASCII letters and digits


async def the_only_id(statements: Statements, column: ColumnElement[str], prefix: str, kind: str) -> str:
    """Return the one id that begins so; raise `NotFound` or `Ambiguous`.

    A range instead of LIKE: it uses the index whatever the database's rules for letters are.
    """
    begins_so = (column >= prefix) & (column < prefix + _AFTER_EVERY_CHARACTER)
    found = (await statements.read(select(column).where(begins_so).limit(2))).scalars().all()
    if not found:
        raise NotFound(f"no {kind} has an id that begins with {prefix}")
    if len(found) > 1:
        raise Ambiguous(f"more than one {kind} has an id that begins with {prefix}")
    return str(found[0])
