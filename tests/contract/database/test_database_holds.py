"""Every database keeps legal holds, and counts those in force on the recordings they keep."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.contract.database.samples import add_parties, add_uploads, recording, upload
from tests.fakes.clock import NOON
from vault.domain.hold import LegalHold
from vault.domain.names import RecordingId
from vault.errors import Ambiguous, Conflict, NotFound
from vault.ports.database import Database
from vault.ports.repositories import Recordings

FIRST, SECOND = recording(1).id, recording(2).id


def hold(number: int, of: RecordingId = FIRST) -> LegalHold:
    """Return a hold placed so many minutes after noon."""
    return LegalHold(
        id=f"hold{number:016d}",
        recording=of,
        case="H-2026/7 Ü",
        placed_at=NOON + timedelta(minutes=number),
        review_on=date(2027, 3, 1) if number % 2 else None,
    )


async def place(database: Database, *holds: LegalHold) -> None:
    """Place holds on two recordings that are there."""
    await add_parties(database)
    await add_uploads(database, upload(1), upload(2))
    async with database.unit_of_work() as work:
        for each in holds:
            await work.holds.add(each)
        await work.commit()


async def test_holds_come_back_as_they_were(database: Database) -> None:
    """Of a recording the oldest comes first, of all the newest; a released one is in force no more."""
    released = hold(2).release(NOON + timedelta(days=1))
    await place(database, hold(3, SECOND), hold(1), hold(2))
    async with database.unit_of_work() as work:
        await work.holds.save(released)
        await work.commit()

    async with database.reading() as rows:
        assert list(await rows.holds.of(FIRST)) == [hold(1), released]
        assert list(await rows.holds.of(RecordingId("another"))) == []
        assert list(await rows.holds.all()) == [hold(3, SECOND), released, hold(1)]
        assert list(await rows.holds.all(in_force=True)) == [hold(3, SECOND), hold(1)]


async def test_holds_in_force_are_counted(database: Database) -> None:
    """A recording read within the same unit of work knows of the hold just placed or released."""
    await place(database, hold(1), hold(2))
    async with database.unit_of_work() as work:
        counts = [await _count(work.recordings)]
        await work.holds.add(hold(4))
        counts.append(await _count(work.recordings))
        for number in (1, 2, 4):
            await work.holds.save(hold(number).release(NOON))
        counts.append(await _count(work.recordings))

    assert counts == [2, 3, 0]
    async with database.reading() as rows:
        assert await _count(rows.recordings) == 2, "it was not committed"


async def test_a_hold_is_found_by_the_beginning_of_its_id(database: Database) -> None:
    """A prefix that fits one hold finds it; one that fits none or several says so."""
    await place(database, hold(1), hold(2))
    async with database.reading() as rows:
        assert await rows.holds.find(hold(2).id) == hold(2)
        with pytest.raises(Ambiguous):
            await rows.holds.find("hold")
        with pytest.raises(NotFound):
            await rows.holds.find("held")


async def test_what_a_hold_needs(database: Database) -> None:
    """A hold without its recording, the same one twice, and a release of none are refused."""
    await place(database, hold(1))
    async with database.unit_of_work() as work:
        with pytest.raises(NotFound):
            await work.holds.add(hold(2, RecordingId("another")))
        with pytest.raises(Conflict):
            await work.holds.add(replace(hold(1), case="other"))
        with pytest.raises(NotFound):
            await work.holds.save(hold(9))


async def _count(recordings: Recordings) -> int:
    found = await recordings.get(FIRST)
    assert found is not None
    return found.holds
