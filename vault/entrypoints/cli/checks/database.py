"""The database: where it is, and whether a commit is on its disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from vault.db.engine import database_file, is_postgresql
from vault.entrypoints.cli.checks.check import Check, Level


def check_database(url: str) -> Iterator[Check]:
    """Look at SQLite's file and its journal, or at the server."""
    if is_postgresql(url):
        from vault.entrypoints.cli.checks.postgresql import check_server  # noqa: PLC0415 - needs its driver

        yield from check_server(url)
    else:
        yield _file(url)


def _file(url: str) -> Check:
    try:
        path = database_file(url)
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    except (sqlite3.Error, ValueError) as error:
        return Check(Level.FAILURE, "database", f"it can't be opened: {error}")
    if mode != "wal":
        return Check(
            Level.FAILURE, "database", f"its journal is in mode {mode}, not wal: readers would block"
        )
    return Check(Level.OK, "database", f"{path}: write-ahead log, every commit synced")
