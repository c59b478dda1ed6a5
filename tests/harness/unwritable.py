"""A log that takes no entry."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def log_unwritable(data: Path) -> Iterator[None]:
    """Make the database refuse every new entry, as a damaged page or a full disk would."""
    with sqlite3.connect(data / "vault.sqlite") as database:
        database.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON log_entries BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    database.close()
    try:
        yield
    finally:
        with sqlite3.connect(data / "vault.sqlite") as database:
            database.execute("DROP TRIGGER refuse")
        database.close()
