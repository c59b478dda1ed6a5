"""Cursors that have fetched their rows when a statement returns: nobody waits for a row on the event loop."""

from __future__ import annotations

import sqlite3
from collections import deque
from typing import Any


class FetchedRows:
    """The fetching half of a cursor (PEP 249) whose rows are in memory already."""

    _rows: deque[Any] = deque()  # noqa: RUF012 - never changed, replaced by what was fetched
    arraysize: int

    def fetchone(self) -> Any:  # noqa: ANN401 - a row
        """Return the next row, or None."""
        return self._rows.popleft() if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """Return so many of the rows that are left."""
        count = min(self.arraysize if size is None else size, len(self._rows))
        return [self._rows.popleft() for _ in range(count)]

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        rows, self._rows = list(self._rows), deque()
        return rows


class EagerCursor(FetchedRows, sqlite3.Cursor):
    """A cursor that has fetched its rows when it returns, on the thread that ran the statement."""

    def execute(self, sql: str, parameters: Any = (), /) -> EagerCursor:  # noqa: ANN401 - sqlite3's own
        """Run a statement and fetch its rows."""
        super().execute(sql, parameters)
        self._rows = deque(sqlite3.Cursor.fetchall(self)) if self.description else deque()
        return self


class EagerConnection(sqlite3.Connection):
    """SQLite's connection with such cursors."""

    def cursor(self, factory: Any = EagerCursor) -> Any:  # noqa: ANN401 - sqlite3's own
        """Return a cursor."""
        return super().cursor(factory)
