"""How repositories reach the database: through a snapshot, or through their body's turn in a group.

A statement is best made once, with `bindparam` where values go: to build one anew and to find it in
SQLAlchemy's cache costs more than to run it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import CursorResult, Executable, Row, Select

from vault.db.connection import AsyncConnection
from vault.db.failures import vault_errors

Rows = Mapping[str, Any] | Sequence[Mapping[str, Any]]
Answer = CursorResult[*tuple[Any, ...]]
AnyRow = Row[*tuple[Any, ...]]
Query = Select[*tuple[Any, ...]]


class Statements(Protocol):
    """Runs statements in one transaction; results are whole in memory. Raises the vault's errors."""

    async def read(self, statement: Executable, values: Rows | None = None, /) -> Answer:
        """Run a statement that changes nothing, with `values` for its parameters."""
        ...

    async def write(self, statement: Executable, rows: Rows | None = None, /) -> Answer:
        """Run a statement that changes something, once for every one of `rows` if there are several."""
        ...

    async def store_entries(self) -> None:
        """Write what was appended to the log so far, so that statements see it."""
        ...


class Snapshot:
    """The statements of a reading transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def read(self, statement: Executable, values: Rows | None = None, /) -> Answer:
        """Run a statement that changes nothing, with `values` for its parameters."""
        with vault_errors():
            return await self._connection.execute(statement, values)

    async def write(self, _statement: Executable, _rows: Rows | None = None, /) -> Answer:
        """Refuse: a snapshot is for reading."""
        raise RuntimeError("a reading snapshot changes nothing; use a unit of work")

    async def store_entries(self) -> None:
        """Do nothing: a snapshot has no entries of its own."""
