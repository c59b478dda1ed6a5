"""aiosqlite with one hop to the connection's thread for each statement.

SQLAlchemy's adapter makes four: for a cursor, the statement, its rows and the cursor's end. Each wakes
another thread twice, and costs more than most statements do. Rows are fetched whole either way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)


class HastyCursor:
    """What SQLAlchemy's adapter asks of an asynchronous cursor, filled by one hop."""

    arraysize = 1

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def execute(self, operation: str, parameters: Sequence[Any] = ()) -> None:
        """Run a statement and take its rows."""
        await self._hop(lambda raw: raw.execute(operation, parameters))

    async def executemany(self, operation: str, parameters: Sequence[Sequence[Any]]) -> None:
        """Run a statement once for each of `parameters`."""
        await self._hop(lambda raw: raw.executemany(operation, parameters))

    async def fetchall(self) -> list[Any]:
        """Return the rows, which are here already."""
        return self._rows

    def close(self) -> None:
        """Do nothing: the real cursor was closed in its hop."""

    async def _hop(self, run: Callable[[sqlite3.Connection], sqlite3.Cursor]) -> None:
        connection = self._connection
        # The queue of the connection's thread, for which aiosqlite has no public name; its own methods and
        # SQLAlchemy's adapter use it alike.
        await connection._execute(self._run, run, connection._conn)  # noqa: SLF001

    def _run(self, run: Callable[[sqlite3.Connection], sqlite3.Cursor], raw: sqlite3.Connection) -> None:
        cursor = run(raw)
        try:
            self.description = cursor.description
            self._rows = cursor.fetchall() if cursor.description else []
            self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()


class _AdaptedCursor(AsyncAdapt_aiosqlite_cursor):
    """SQLAlchemy's cursor around ours: made without a hop, closed without one."""

    __slots__ = ()
    _awaitable_cursor_close = False

    def _make_new_cursor(self, connection: Any) -> Any:  # noqa: ANN401 - as the base class has it
        return HastyCursor(connection)

    def _aenter_cursor(self, cursor: Any) -> Any:  # noqa: ANN401 - as the base class has it
        return cursor


class _AdaptedConnection(AsyncAdapt_aiosqlite_connection):
    """SQLAlchemy's connection with such cursors."""

    __slots__ = ()
    _cursor_cls = _AdaptedCursor


class OneHopDriver(AsyncAdapt_aiosqlite_dbapi):
    """SQLAlchemy's driver module with such connections; `create_async_engine` takes it as `module`."""

    def __init__(self) -> None:
        super().__init__(aiosqlite, sqlite3)

    def connect(self, *arguments: Any, **options: Any) -> _AdaptedConnection:  # noqa: ANN401 - sqlite3's own
        """Open a connection; its class is all that differs."""
        connection = super().connect(*arguments, **options)
        return _AdaptedConnection(self, connection._connection)  # noqa: SLF001 - the base class's own slot
