"""Every database keeps what was committed, whole, and nothing else."""

from __future__ import annotations

import asyncio

import pytest

from tests.contract.database.conftest import Slots
from tests.contract.database.samples import ACME, OPENED, ZENITH, append, verified_size
from vault.errors import LogUnavailable
from vault.ports.database import Database


async def customers(database: Database) -> set[str]:
    """Return the names of those that are there."""
    async with database.reading() as rows:
        return {each.name for each in await rows.customers.all()}


async def test_a_body_that_does_not_commit_is_undone(database: Database) -> None:
    """Leaving without `commit` leaves neither change nor entry."""
    async with database.unit_of_work() as work:
        await work.customers.add(ACME)
        await work.log.append(OPENED)

    assert await customers(database) == set()
    assert await verified_size(database) == 0


async def test_a_body_that_raises_is_undone(database: Database) -> None:
    """An error passes through as it is, and nothing of the body stays."""

    async def body() -> None:
        async with database.unit_of_work() as work:
            await work.log.append(OPENED)
            await work.customers.add(ACME)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await body()

    assert await customers(database) == set()
    await append(database)
    assert await verified_size(database) == 1


async def test_change_and_entry_commit_together(database: Database) -> None:
    """After `commit` both are there."""
    async with database.unit_of_work() as work:
        await work.customers.add(ACME)
        await work.log.append(OPENED)
        await work.commit()

    assert await customers(database) == {"acme"}
    assert await verified_size(database) == 1


async def test_a_unit_of_work_commits_once(database: Database) -> None:
    """A second `commit` is a programming error."""
    async with database.unit_of_work() as work:
        await work.commit()
        with pytest.raises(RuntimeError):
            await work.commit()


async def test_a_body_sees_those_before_it(database: Database) -> None:
    """Bodies take turns: each sees what the one before it committed, without waiting for the disk."""
    seen: list[int] = []

    async def count() -> None:
        async with database.unit_of_work() as work:
            seen.append(await work.events.size())
            await work.log.append(OPENED)
            await work.commit()

    await asyncio.gather(*(count() for _ in range(12)))

    assert seen == list(range(12))


async def test_a_body_reads_its_own_changes(database: Database) -> None:
    """Within a unit of work what it changed and appended can be read; a snapshot doesn't see it."""
    async with database.unit_of_work() as work:
        await work.customers.add(ACME)
        appended = await work.log.append(OPENED)
        stored = await work.events.entry(appended.index)
        assert stored is not None
        assert stored.record == appended.record
        assert await work.customers.get(ACME.name) == ACME
        assert await customers(database) == set()


async def test_a_snapshot_stays_as_it_was(database: Database) -> None:
    """What is committed while a snapshot is read doesn't show in it."""
    async with database.unit_of_work() as work:
        await work.customers.add(ACME)
        await work.commit()

    async with database.reading() as rows:
        before = len(await rows.customers.all())
        async with database.unit_of_work() as work:
            await work.customers.add(ZENITH)
            await work.commit()
        assert len(await rows.customers.all()) == before == 1

    assert await customers(database) == {"acme", "zenith"}


async def test_a_failed_body_takes_nobody_with_it(database: Database) -> None:
    """Among many at once, those that fail leave no trace and the others all stay."""

    async def body(number: int) -> None:
        async with database.unit_of_work() as work:
            await work.log.append(OPENED)
            if number % 3 == 0:
                await work.customers.add(ACME)
                raise ZeroDivisionError
            await work.commit()

    outcomes = await asyncio.gather(*(body(number) for number in range(30)), return_exceptions=True)

    assert outcomes.count(None) == 20
    assert await verified_size(database) == 20
    assert await customers(database) == set()


async def test_every_commit_that_grew_the_log_is_told_before_it_is_answered(
    database: Database, slots: Slots
) -> None:
    """Whoever keeps the head hears of the right edge first; a commit without entries tells nothing."""
    await append(database, 3)
    assert [each.size for each in slots.told] == [3]

    async with database.unit_of_work() as work:
        await work.customers.add(ACME)
        await work.commit()

    assert len(slots.told) == 1
    async with database.reading() as rows:
        assert slots.told[-1] == (await rows.events.edge()).frontier
    await database.check()


async def test_an_unkept_head_is_no_success(database: Database, slots: Slots) -> None:
    """When the head can't be kept, the waiter hears `LogUnavailable`; when it can again, all goes on."""
    from keys.errors import SlotsUnavailable  # noqa: PLC0415 - only this promise is about them

    slots.failure = SlotsUnavailable("the disk of the slots is gone")
    with pytest.raises(LogUnavailable):
        await append(database)
    slots.failure = None

    await append(database)

    assert slots.told[-1].size == await verified_size(database)
