"""Every database hands out slot numbers once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date

import pytest

from tests.contract.database.samples import ACME, add_parties, add_uploads, upload
from tests.fakes.clock import NOON
from vault.domain.recording import RecordingState
from vault.domain.staff import LockedIdentity, Owner
from vault.errors import Conflict
from vault.ports.database import Database
from vault.ports.repositories import Period

DAY = date(2026, 11, 20)
LOCKED = LockedIdentity(Owner.CUSTOMER, ACME.id, 1, "age1pq…", b"vouched", 40, b"sealed")


async def claim(database: Database, *, keep: bool = True) -> int:
    """Claim one slot in a unit of work of its own."""
    async with database.unit_of_work() as work:
        number = await work.slots.claim("test", NOON)
        if keep:
            await work.commit()
    return number


async def test_numbers_are_dense_and_unique(database: Database) -> None:
    """Many at once get 0, 1, 2, … each once."""
    numbers = await asyncio.gather(*(claim(database) for _ in range(20)))

    assert sorted(numbers) == list(range(20))


async def test_a_claim_undone_is_free_again(database: Database) -> None:
    """A number whose unit of work was undone goes to the next who claims."""
    await claim(database)

    undone = await claim(database, keep=False)

    assert await claim(database) == undone == 1


async def test_what_is_destroyed_stays_known(database: Database) -> None:
    """Destroyed numbers are told ascending, each once, however often they were marked."""
    for _ in range(6):
        await claim(database)
    async with database.unit_of_work() as work:
        await work.slots.mark_destroyed([4, 1], NOON)
        await work.slots.mark_destroyed([], NOON)
        await work.slots.mark_destroyed(iter([1, 2]), NOON)
        await work.commit()

    async with database.reading() as rows:
        assert [number async for batch in rows.slots.destroyed() for number in batch] == [1, 2, 4]


async def test_a_period_has_one_slot(database: Database) -> None:
    """A day's details and a month's index have a slot each, given once; any day of a month finds it."""
    async with database.unit_of_work() as work:
        await work.slots.add_period(Period.DAY_DETAILS, DAY, 1)
        await work.slots.add_period(Period.MONTH_INDEX, DAY, 2)
        with pytest.raises(Conflict):
            await work.slots.add_period(Period.MONTH_INDEX, DAY.replace(day=1), 3)
        await work.commit()

    async with database.reading() as rows:
        days = (DAY, DAY.replace(day=1), DAY.replace(month=12))
        found = [(await rows.slots.period(Period.DAY_DETAILS, day)) for day in days]
        months = [(await rows.slots.period(Period.MONTH_INDEX, day)) for day in days]
    assert found == [1, None, None]
    assert months == [2, 2, None]


async def test_a_period_can_have_another_slot(database: Database) -> None:
    """A day's slot that was destroyed makes place for another; the month's stays."""
    async with database.unit_of_work() as work:
        await work.slots.add_period(Period.DAY_DETAILS, DAY, 1)
        await work.slots.add_period(Period.MONTH_INDEX, DAY, 2)
        await work.slots.renew_period(Period.DAY_DETAILS, DAY, 3)
        await work.commit()

    async with database.reading() as rows:
        assert await rows.slots.period(Period.DAY_DETAILS, DAY) == 3
        assert await rows.slots.period(Period.MONTH_INDEX, DAY) == 2


async def test_a_slot_in_use_is_not_claimed(database: Database) -> None:
    """A number that a row refers to is not handed out, wherever the counter stands."""
    await add_parties(database)
    await add_uploads(database, upload(7))
    assert await claim(database) == 8
    async with database.unit_of_work() as work:
        await work.identities.add(LOCKED)
        await work.commit()
    assert await claim(database) == 41


async def test_what_lives_under_a_slot_is_told(database: Database) -> None:
    """Those of living recordings and of identities, and none of what has ended."""
    await add_parties(database)
    await add_uploads(database, upload(1), upload(2), upload(3))
    ended = replace(upload(2).recording, state=RecordingState.SHREDDED)
    async with database.unit_of_work() as work:
        await work.recordings.save(ended)
        await work.identities.add(LOCKED)
        for _ in range(2):
            await work.slots.claim("test", NOON)
        await work.commit()
    async with database.reading() as rows:
        assert await rows.slots.in_use([41, 42, *range(100, 1100)]) == []

    async with database.unit_of_work() as work:
        await work.recordings.save(replace(upload(1).recording, slot=41))
        await work.recordings.save(replace(ended, slot=42))
        await work.commit()
    async with database.reading() as rows:
        assert await rows.slots.in_use([*range(100, 1100), 42, 41]) == [41]

    async with database.unit_of_work() as work:
        await work.identities.save(replace(LOCKED, slot=42))
        await work.commit()
    async with database.reading() as rows:
        assert await rows.slots.in_use([42, 41]) == [41, 42]
        assert await rows.slots.in_use([]) == []
