"""What was dropped is in no file; what is kept is on the disk and its owner's alone."""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path

from sqlalchemy import text

from tests.contract.database.samples import add_parties, add_uploads, append, recording, upload
from vault.db.connection import AsyncEngine
from vault.db.database import SqlDatabase


def files_with(path: Path, needle: bytes) -> set[str]:
    """Return the names of the database's files that hold these bytes."""
    return {each.name for each in path.parent.iterdir() if needle in each.read_bytes()}


async def test_a_dropped_header_is_in_no_file(database: SqlDatabase, path: Path) -> None:
    """After `drop_header`, `commit` and `tidy` neither database nor WAL holds a piece of the header."""
    headers = {number: secrets.token_bytes(6000) for number in range(40)}
    await add_parties(database)
    await add_uploads(
        database, *(replace(upload(number), header=header) for number, header in headers.items())
    )
    await database.tidy()
    pieces = [headers[7][start : start + 48] for start in (0, 2400, 5900)]
    assert all(files_with(path, piece) == {"vault.db"} for piece in pieces)

    async with database.unit_of_work() as work:
        await work.recordings.drop_header(recording(7).id)
        await work.commit()
    await database.tidy()

    assert not any(files_with(path, piece) for piece in pieces)
    assert files_with(path, headers[8][:48]) == {"vault.db"}


async def test_tidying_waits_for_nobody_for_ever(database: SqlDatabase) -> None:
    """With a snapshot open `tidy` returns, and the writer goes on."""
    await append(database)
    async with database.reading() as rows:
        await rows.events.size()
        await append(database)
        await database.tidy()
        await append(database)
        assert await rows.events.size() == 1


async def test_the_files_are_their_owners_alone(database: SqlDatabase, path: Path) -> None:
    """Database and WAL can be read by nobody else."""
    await append(database)

    modes = {each.name: each.stat().st_mode & 0o777 for each in path.parent.iterdir()}

    assert modes.keys() >= {"vault.db", "vault.db-wal"}
    assert set(modes.values()) == {0o600}


async def test_every_connection_keeps_what_it_commits(database: SqlDatabase) -> None:
    """WAL, synced at every commit; freed pages overwritten; foreign keys on; readers can't write."""

    async def pragmas(engine: AsyncEngine) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "secure_delete", "foreign_keys", "query_only")
        async with engine.connect() as connection:
            return {name: await connection.scalar(text(f"PRAGMA {name}")) for name in names}

    kept = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1}
    assert await pragmas(database._writer) == {**kept, "query_only": 0}
    assert await pragmas(database._readers) == {**kept, "query_only": 1}
