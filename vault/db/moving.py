"""Moving a vault to another database: marked here, copied there table by table, compared row by row.

The mark is a negative size in the head row. It is set under the lock that every writer takes, so from then on
nobody adds to the old database; whoever opens it hears `DatabaseMoved`. The new one bears such a mark too
until all is in it. A move that was cut off finds both, and goes on after the last row that arrived.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Table, func, insert, literal, select, tuple_, update

from vault.audit.tree import Frontier
from vault.db.connection import AsyncConnection, AsyncEngine
from vault.db.database import SqlDatabase
from vault.db.engine import database_file, is_postgresql, reading_engine, writing_engine
from vault.db.failures import vault_errors
from vault.db.log_tables import log_entries, log_head
from vault.db.schema import REVISION, check_revision, revision, upgrade
from vault.db.tables import metadata, slot_counter, vault
from vault.errors import Conflict, LogCorrupt, NoVault

ROWS_PER_STEP = 1000
_LAST = (slot_counter, vault, log_head)  # their rows make the copy a vault

Progress = Callable[[str, int, int], None]
"""Hears a table, its rows that are done, and its rows in all."""

Rows = Sequence[tuple[Any, ...]]


async def move_database(source_url: str, target_url: str, *, progress: Progress) -> Frontier:
    """Copy the vault and return the right edge of its log; the old database is of no use from then on.

    Goes on with a move that was cut off. Raises `Conflict` where the target holds something else,
    `NoVault`, `DatabaseUnavailable`, `LogCorrupt` for a copy that is not like what was copied.
    """
    if not await SqlDatabase.exists(source_url):
        raise NoVault("there is no database; `callvault init` makes a vault")
    # An older one is somebody's: to bring it up to date would shut out the program that serves it.
    if await revision(target_url) not in {None, REVISION}:
        raise Conflict(
            "the new database is not empty: there is a vault of another version of this program in it"
        )
    await upgrade(target_url)
    async with _engine(writing_engine(source_url)) as source, _engine(writing_engine(target_url)) as target:
        if await _are_one(source_url, target_url, source, target):
            raise Conflict("both URLs lead to the same database")
        is_there = await _prepare(source, target)
        frontier = await _mark(source)
    async with _engine(reading_engine(source_url)) as reader, _engine(writing_engine(target_url)) as target:
        async with reader.connect() as rows:
            if not is_there:
                for table in _tables():
                    await _copy(rows, target, table, progress)
                await _finish(rows, target)
        async with reader.connect() as rows, target.connect() as copied:
            size: int = await copied.scalar(select(log_head.c.size))
            if size == frontier.size:  # else it serves already, and has grown
                for table in (*_tables(), slot_counter, vault):
                    await _compare(rows, copied, table)
    return frontier


async def give_up_move(source_url: str, target_url: str) -> None:
    """Take the mark off the old database; raise `Conflict` once the new one holds the vault."""
    async with _engine(writing_engine(target_url)) as target, target.connect() as connection:
        if await connection.scalar(select(vault.c.id)) is not None:
            raise Conflict("the copy is whole: the vault is there now; only moving it back brings it here")
    async with _engine(writing_engine(source_url)) as source:
        await _unmark(source)


_LOCKED_SIZE = select(log_head.c.size).with_for_update()


def _marked(size: int) -> int:
    """Return the size with the mark, or without it where it has one."""
    return -1 - size


def _tables() -> list[Table]:
    """Return what is copied row by row, those that others refer to first."""
    return [table for table in metadata.sorted_tables if table not in _LAST]


@asynccontextmanager
async def _engine(engine: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    try:
        with vault_errors():
            yield engine
    finally:
        await engine.dispose()


async def _prepare(source: AsyncEngine, target: AsyncEngine) -> bool:
    """Mark the target as unfinished; say whether the vault is in it already. Raise `Conflict`, `NoVault`."""
    async with source.begin() as connection:
        await check_revision(connection)
        first, ours = await _first_and_vault(connection)
        if ours is None:
            raise NoVault("the database holds no vault; `callvault init` makes one")
    async with target.begin() as connection:
        size: int = await connection.scalar(_LOCKED_SIZE)
        found, theirs = await _first_and_vault(connection)
        if theirs is not None:
            if theirs == ours and size >= 0:
                return True
            raise Conflict("there is another vault in the new database, or one that was moved on from there")
        if found not in {None, first}:
            raise Conflict("the new database holds part of another vault")
        await connection.execute(update(log_head).values(size=-1))
    return False


async def _first_and_vault(connection: AsyncConnection) -> tuple[bytes | None, str | None]:
    first = await connection.scalar(select(log_entries.c.record).where(log_entries.c.index == 0))
    return first, await connection.scalar(select(vault.c.id))


async def _mark(source: AsyncEngine) -> Frontier:
    """Let nobody write to the old database any more; return its right edge."""
    async with source.begin() as connection:
        head = (await connection.execute(select(log_head).with_for_update())).one()
        if head.size >= 0:
            await connection.execute(update(log_head).values(size=_marked(head.size)))
    return Frontier.decode(head.frontier)


async def _are_one(source_url: str, target_url: str, source: AsyncEngine, target: AsyncEngine) -> bool:
    """Say whether both URLs lead to one database, without leaving anything in it.

    PostgreSQL, "Advisory Locks": each database has its own, and no two transactions have the same one.
    """
    if is_postgresql(source_url) != is_postgresql(target_url):
        return False
    if not is_postgresql(source_url):
        return database_file(source_url).samefile(database_file(target_url))
    number = secrets.randbits(62)
    async with source.begin() as here, target.begin() as there:
        await here.execute(select(func.pg_advisory_xact_lock(number)))
        return not await there.scalar(select(func.pg_try_advisory_xact_lock(number)))


async def _unmark(source: AsyncEngine) -> None:
    async with source.begin() as connection:
        size: int = await connection.scalar(_LOCKED_SIZE)
        if size >= 0:
            raise Conflict("this database is not being moved")
        await connection.execute(update(log_head).values(size=_marked(size)))


async def _copy(rows: AsyncConnection, target: AsyncEngine, table: Table, progress: Progress) -> None:
    """Copy the rows that come after the last one there, some in each transaction."""
    in_all: int = await rows.scalar(select(func.count()).select_from(table))
    key = list(table.primary_key.columns)
    newest_first = [column.desc() for column in key]
    async with target.connect() as connection:
        last = (await connection.execute(select(*key).order_by(*newest_first).limit(1))).one_or_none()
        done: int = await connection.scalar(select(func.count()).select_from(table))
    after = None if last is None else tuple(last)
    while batch := await _next(rows, table, after):
        named = [dict(zip(table.c.keys(), row, strict=True)) for row in batch]
        async with target.begin() as connection:
            await connection.execute(insert(table), named)
        after = _key(table, batch[-1])
        done += len(batch)
        progress(table.name, done, in_all)


async def _next(rows: AsyncConnection, table: Table, after: tuple[Any, ...] | None) -> Rows:
    """Return the rows that come after that key, in the order of keys, some at a time."""
    key = list(table.primary_key.columns)
    query = select(table).order_by(*key).limit(ROWS_PER_STEP)
    if after is not None:
        values = [literal(value, column.type) for value, column in zip(after, key, strict=True)]
        query = query.where(tuple_(*key) > tuple_(*values))
    return [tuple(row) for row in await rows.execute(query)]


def _key(table: Table, row: tuple[Any, ...]) -> tuple[Any, ...]:
    values = dict(zip(table.c.keys(), row, strict=True))
    return tuple(values[column.name] for column in table.primary_key.columns)


async def _finish(rows: AsyncConnection, target: AsyncEngine) -> None:
    """Make the copy a vault, in one transaction: its name, its next slot, the right edge of its log."""
    head = (await rows.execute(select(log_head))).one()
    counter = (await rows.execute(select(slot_counter))).one()
    named = (await rows.execute(select(vault))).mappings().one()
    async with target.begin() as connection:
        await connection.execute(insert(vault).values(**named))
        await connection.execute(update(slot_counter).values(next=counter.next))
        edge = {"frontier": head.frontier, "last_time": head.last_time, "note": head.note}
        await connection.execute(update(log_head).values(size=_marked(head.size), **edge))


async def _compare(rows: AsyncConnection, copied: AsyncConnection, table: Table) -> None:
    """Read both, side by side; raise `LogCorrupt` at the first difference."""
    after: tuple[Any, ...] | None = None
    while True:
        ours, theirs = await _next(rows, table, after), await _next(copied, table, after)
        if ours != theirs:
            raise LogCorrupt(f"{table.name}: the copy is not like the table that was copied")
        if not ours:
            return
        after = _key(table, ours[-1])
