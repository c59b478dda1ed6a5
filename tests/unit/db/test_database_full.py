"""A full disk fails closed, and nothing needs repair when there is room again."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from sqlalchemy import text

from tests.contract.database.samples import ACME, OPENED, append, verified_size
from tests.unit.db.troubles import on_small_disk
from vault.db.database import SqlDatabase
from vault.domain.names import CustomerId
from vault.errors import LogUnavailable, StorageFull

BIG = replace(OPENED, detail={"note": "x" * 20_000})


async def test_a_full_disk_refuses_entries_until_there_is_room(database: SqlDatabase) -> None:
    """Every waiter hears `LogUnavailable`, nothing of theirs stays, and later all goes on."""
    disk = on_small_disk(database)
    await append(database)
    disk.pages = 1  # SQLite takes the present size for the least

    outcomes = await asyncio.gather(*(append(database, 9, BIG) for _ in range(4)), return_exceptions=True)

    assert {type(outcome) for outcome in outcomes} == {LogUnavailable}
    assert await verified_size(database) == 1
    disk.pages = None
    await append(database, 9, BIG)
    assert await verified_size(database) == 10


async def test_a_change_that_does_not_fit_fails_its_group(database: SqlDatabase) -> None:
    """The body that met the full disk hears `StorageFull`; who shared its transaction, `LogUnavailable`."""
    disk = on_small_disk(database)
    disk.pages = 1
    inside = asyncio.Event()

    async def first() -> None:
        async with database.unit_of_work() as work:
            inside.set()
            await work.log.append(OPENED)
            await asyncio.sleep(0)  # the second comes to wait
            await work.commit()

    async def second() -> None:
        await inside.wait()
        async with database.unit_of_work() as work:
            await work.customers.add(replace(ACME, title="x" * 100_000))
            await work.commit()

    outcomes = await asyncio.gather(first(), second(), return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [LogUnavailable, StorageFull]
    disk.pages = None
    await append(database)
    assert await verified_size(database) == 1


async def test_a_failed_commit_is_told_to_all(database: SqlDatabase) -> None:
    """When COMMIT itself is refused, everybody who shares it hears so, and nothing stays."""

    async def spoil() -> None:
        async with database._group_commit.turn() as turn:
            await turn.write(text("PRAGMA defer_foreign_keys=ON"))
            orphan = "INSERT INTO known_networks (customer, network, seen_at) VALUES ('nobody', 'n', 0)"
            await turn.write(text(orphan))
            await turn.commit()

    outcomes = await asyncio.gather(append(database), spoil(), append(database), return_exceptions=True)

    assert {type(outcome) for outcome in outcomes} == {LogUnavailable}
    await append(database)
    assert await verified_size(database) == 1
    async with database.reading() as rows:
        assert not await rows.guesses.knows_network(CustomerId("nobody"), "n")


async def test_check_says_whether_the_log_can_be_written(database: SqlDatabase) -> None:
    """`check` passes, changes nothing, and leaves the turn to others."""
    await asyncio.gather(database.check(), append(database), database.check())

    assert await verified_size(database) == 1
