"""Saving a row names no key: what refers to it is not searched."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event

from tests.contract.database.samples import add_parties, upload
from vault.db.database import SqlDatabase


async def test_a_saved_recording_sets_no_key(database: SqlDatabase) -> None:
    """SQLite searches the number index, all of it, for a recording whose id is set to what it was."""
    said: list[str] = []

    @event.listens_for(database._writer.sync_engine, "before_cursor_execute")
    def _note(_connection: Any, _cursor: Any, sql: str, *_rest: Any) -> None:  # noqa: ANN401 - SQLAlchemy's signature
        said.append(sql)

    new = upload(1)
    await add_parties(database)
    async with database.unit_of_work() as work:
        await work.recordings.add(new)
        await work.recordings.save(new.recording)

    (update,) = [sql for sql in said if sql.startswith("UPDATE recordings")]
    names = [part.partition("=")[0].strip() for part in update.partition("SET")[2].split(",")]
    assert not {"id", "log_index"} & set(names)
    assert "state" in names
