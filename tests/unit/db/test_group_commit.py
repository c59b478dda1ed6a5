"""Bodies share a transaction, and none can harm another."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest

from tests.contract.database.samples import ACME, OPENED, append, verified_size
from tests.fakes.clock import SettableClock
from tests.fakes.notary import FakeNotary
from tests.unit.db.troubles import cancelled_at, on_both
from vault.audit.tree import Frontier
from vault.db.database import SqlDatabase
from vault.db.group_commit import BODIES_PER_GROUP
from vault.domain.names import CustomerId, CustomerName
from vault.errors import DatabaseUnavailable, LogUnavailable
from vault.ports.database import UnitOfWork


async def add(work: UnitOfWork, name: str) -> None:
    """Add a customer and the entry that says so."""
    customer = replace(ACME, id=CustomerId(name), name=CustomerName(name))
    await work.log.append(OPENED)
    await work.customers.add(customer)


async def customers(database: SqlDatabase) -> set[str]:
    """Return the names of those that are there."""
    async with database.reading() as rows:
        return {each.name for each in await rows.customers.all()}


@on_both
@pytest.mark.parametrize("writes", [False, True])
async def test_cancelled_at_any_await_a_body_harms_nobody(database: SqlDatabase, *, writes: bool) -> None:
    """Wherever a body is cancelled, the others commit, the turn goes on, and the log stays whole."""
    wanted: set[str] = set()  # bodies that came to their commit

    async def body() -> None:
        async with database.unit_of_work() as work:
            await work.log.append(OPENED)
            if writes:
                await add(work, f"cancelled{at}")
            wanted.add(f"cancelled{at}")
            await work.commit()

    at, reached, kept = 0, True, 0
    while reached:
        others = [asyncio.create_task(append(database)) for _ in range(3)]
        reached = await cancelled_at(body(), at)
        others.append(asyncio.create_task(append(database)))
        await asyncio.gather(*others)
        at, kept = at + 1, kept + 4

    entries_of_cancelled = await verified_size(database) - kept
    names = await customers(database)
    assert at > 2
    # Cancelled while it waits for the disk a body stays, but then its changes and its entries both do.
    assert len(wanted) < at
    assert entries_of_cancelled == len(wanted) * (2 if writes else 1)
    assert names == (wanted if writes else set())


@on_both
async def test_the_turn_is_not_lost_with_who_waits_for_it(database: SqlDatabase) -> None:
    """A group left open for one who is then cancelled is committed all the same."""
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with database.unit_of_work() as work:
            await work.log.append(OPENED)
            inside.set()
            await go_on.wait()
            await work.commit()

    committing = asyncio.create_task(first())
    await inside.wait()
    waiting = asyncio.create_task(append(database))
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.sleep(0)  # the first passes its turn
    waiting.cancel()

    await committing
    assert await verified_size(database) == 1


@on_both
async def test_a_crowd_of_all_kinds(database: SqlDatabase) -> None:
    """Of many that commit, raise, forget to commit or are cancelled, exactly the acknowledged stay."""
    acknowledged: set[str] = set()

    async def body(number: int) -> None:
        name = f"c{number}"
        async with database.unit_of_work() as work:
            await add(work, name)
            if number % 5 == 1:
                raise ZeroDivisionError
            if number % 5 == 2:
                return
            await work.commit()
        acknowledged.add(name)

    tasks = [asyncio.create_task(body(number)) for number in range(100)]
    for number in range(3, 100, 5):
        await asyncio.sleep(0)
        tasks[number].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    names = await customers(database)
    assert acknowledged <= names
    assert not {f"c{number}" for number in range(100) if number % 5 in {1, 2}} & names
    assert await verified_size(database) == len(names)


@on_both
async def test_a_refusal_waits_for_what_it_saw(url: str) -> None:
    """Who is refused for what another body of its group did hears of it only if that stays."""

    async def fail(_frontier: Frontier) -> None:
        raise OSError

    database = await SqlDatabase.open(url, clock=SettableClock(), notary=FakeNotary(fail))
    outcomes = await asyncio.gather(*(_commit(database, "c1") for _ in range(2)), return_exceptions=True)
    await database.close()

    assert {type(outcome) for outcome in outcomes} == {LogUnavailable}


@on_both
async def test_bodies_share_commits(url: str) -> None:
    """Many at once need few commits, and none waits for an endless queue."""
    told: list[int] = []

    async def tell(frontier: Frontier) -> None:
        told.append(frontier.size)

    database = await SqlDatabase.open(url, clock=SettableClock(), notary=FakeNotary(tell))
    await asyncio.gather(*(append(database) for _ in range(3 * BODIES_PER_GROUP)))
    await database.close()

    groups = [size - before for before, size in zip([0, *told], told, strict=False)]
    assert max(groups) <= BODIES_PER_GROUP
    assert len(groups) <= 5


@on_both
async def test_snapshots_see_groups_whole(database: SqlDatabase) -> None:
    """A reader never sees a customer without its entry, nor an entry without its customer."""
    writing = [asyncio.create_task(_commit(database, f"c{number}")) for number in range(60)]
    pairs = set()
    while not all(task.done() for task in writing):
        async with database.reading() as rows:
            pairs.add((len(await rows.customers.all()), await rows.events.size()))

    assert all(customers == entries for customers, entries in pairs)
    assert await verified_size(database) == 60


async def _commit(database: SqlDatabase, name: str) -> None:
    async with database.unit_of_work() as work:
        await add(work, name)
        await work.commit()


@on_both
async def test_nothing_is_done_after_commit(database: SqlDatabase) -> None:
    """A unit of work that is over neither reads, writes nor appends."""
    async with database.unit_of_work() as work:
        await work.commit()
        for late in (work.customers.all(), work.customers.add(ACME), work.log.append(OPENED)):
            with pytest.raises(RuntimeError):
                await late

    async with database.unit_of_work() as forgotten:
        pass
    with pytest.raises(RuntimeError):
        await forgotten.log.append(OPENED)
    assert await verified_size(database) == 0


@on_both
async def test_a_snapshot_changes_nothing(database: SqlDatabase) -> None:
    """Writing through a reading snapshot is a programming error."""
    async with database.reading() as rows:
        with pytest.raises(RuntimeError):
            await rows.customers.add(ACME)


@on_both
async def test_cancelled_readers_leave_the_pool_whole(database: SqlDatabase) -> None:
    """Wherever a reader is cancelled, those after it find their connections."""

    async def read() -> None:
        async with database.reading() as rows:
            await rows.customers.all()
            await rows.events.size()

    at = 0
    while await cancelled_at(read(), at):
        at += 1

    await asyncio.gather(*(read() for _ in range(40)))


@on_both
async def test_closing_ends_what_is_under_way(url: str) -> None:
    """Whoever has the turn may finish; whoever waits or comes later hears `DatabaseUnavailable`."""
    database = await SqlDatabase.open(url, clock=SettableClock(), notary=FakeNotary())
    async with database.unit_of_work() as work:
        waiting = asyncio.create_task(append(database))
        await asyncio.sleep(0)
        closing = asyncio.create_task(database.close())
        await asyncio.sleep(0)
        await work.log.append(OPENED)
        await work.commit()

    with pytest.raises(DatabaseUnavailable):
        await waiting
    await closing
    with pytest.raises(DatabaseUnavailable):
        await append(database)
    await database.close()

    again = await SqlDatabase.open(url, clock=SettableClock(), notary=FakeNotary())
    assert await verified_size(again) == 1
    await again.close()


@on_both
async def test_a_step_that_took_too_long_is_still_the_bodys(database: SqlDatabase) -> None:
    """A body that gives up waiting for a statement and goes on is kept or undone as a whole."""

    async def body(name: str, *, commit: bool) -> None:
        async with database.unit_of_work() as work:
            with suppress(TimeoutError):
                async with asyncio.timeout(0):
                    await add(work, f"{name}1")
            await add(work, f"{name}2")
            if commit:
                await work.commit()

    await asyncio.gather(body("kept", commit=True), body("undone", commit=False), append(database))

    assert await customers(database) == {"kept1", "kept2"}
    assert await verified_size(database) == 3
