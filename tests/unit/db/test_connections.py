"""Connections on threads: nothing runs on after its caller, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from vault.db import connection as connections
from vault.db.connection import AsyncEngine
from vault.db.engine import READERS, reading_engine, writing_engine
from vault.db.hand import Hand


@pytest.fixture
def writer(tmp_path: Path) -> AsyncEngine:
    """Return an engine over a new database."""
    return writing_engine(f"sqlite:///{tmp_path}/new.db")


async def test_a_cancelled_caller_leaves_nothing_running() -> None:
    """The cancellation is passed on once the work has ended: no connection is used twice at once."""
    begun, go, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go.wait()
        ended.set()

    hand = Hand("test")
    caller = asyncio.create_task(hand.do(work))
    await asyncio.to_thread(begun.wait)
    caller.cancel()
    await asyncio.sleep(0)
    caller.cancel()
    await asyncio.sleep(0)
    assert not caller.done()
    go.set()
    await asyncio.wait([caller])
    hand.end()

    assert caller.cancelled()
    assert ended.is_set()


async def test_what_is_not_committed_is_undone(writer: AsyncEngine) -> None:
    """Leaving a connection rolls back; the next one finds nothing of it."""
    async with writer.begin() as connection:
        await connection.execute(text("CREATE TABLE kept (value)"))
    async with writer.connect() as connection:
        await connection.execute(text("INSERT INTO kept VALUES (1)"))
    async with writer.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM kept")) == 0
    await writer.dispose()


async def test_a_wrong_statement_spoils_nothing(writer: AsyncEngine) -> None:
    """An error of the database reaches its caller, and the connection works on."""
    async with writer.connect() as connection:
        with pytest.raises(OperationalError):
            await connection.execute(text("SELECT nothing"))
        assert await connection.scalar(text("SELECT 7")) == 7
    await writer.dispose()


async def test_rows_are_whole_before_they_are_looked_at(writer: AsyncEngine) -> None:
    """Results outlive what follows on their connection: nothing is fetched on the loop."""
    async with writer.connect() as connection:
        rows = await connection.execute(text("VALUES (1), (2), (3)"))
        await connection.execute(text("SELECT 1"))
    assert rows.scalars().all() == [1, 2, 3]
    await writer.dispose()


async def test_too_many_readers_are_told(
    writer: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One reader more than there are connections hears of it in time, and takes no place away."""
    monkeypatch.setattr(connections, "LEASE_SECONDS", 0.0)
    async with writer.begin() as connection:
        await connection.execute(text("CREATE TABLE kept (value)"))
    readers = reading_engine(f"sqlite:///{tmp_path}/new.db")
    held = [readers.connect() for _ in range(READERS)]
    for each in held:
        await each.start()

    with pytest.raises(PoolTimeout):
        await readers.connect().start()
    await held.pop().close()
    async with readers.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM kept")) == 0

    for each in held:
        await each.close()
    await readers.dispose()
    await writer.dispose()
