"""From values to rows: a field is kept in the column of its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Table, insert, update

from vault.db.statements import Statements
from vault.errors import NotFound


def row_of(table: Table, value: object) -> dict[str, Any]:
    """Return the value's fields for which the table has a column."""
    return {name: getattr(value, name) for name in table.c.keys() if hasattr(value, name)}  # noqa: SIM118 - of columns, not of a dict


async def save_row(statements: Statements, table: Table, value: object, *where: ColumnElement[bool]) -> None:
    """Write the value over the one row that it is; raise `NotFound` when there is none.

    Its keys stay unnamed: SQLite answers a key that is set, even to what it was, with a search for rows that
    refer to it, which is as long as their table.
    """
    keys = {"id", *table.primary_key.columns.keys()}
    changes = {name: kept for name, kept in row_of(table, value).items() if name not in keys}
    done = await statements.write(update(table).where(*where).values(changes))
    if done.rowcount != 1:
        raise NotFound(f"there is no such row in {table.name}")


async def put_row(
    statements: Statements, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    """Write `values` into the row of that key, new or not.

    Units of work take turns, so nobody comes between the two statements.
    """
    where = [table.c[name] == value for name, value in key.items()]
    done = await statements.write(update(table).where(*where).values(**values))
    if done.rowcount == 0:
        await statements.write(insert(table).values(**{**key, **values}))
