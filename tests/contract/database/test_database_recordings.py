"""Every database keeps recordings and finds them again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contract.database.samples import ACME, OWN_PBX, PBX, add_parties, add_uploads, recording, upload
from tests.fakes.clock import NOON
from vault.domain.names import BlobKey, RecordingId
from vault.domain.recording import Cause, Recording, RecordingState
from vault.errors import Ambiguous, Conflict, NotFound
from vault.ports.database import Database
from vault.ports.repositories import RecordingFilter, SealedDetails


async def listed(database: Database, which: RecordingFilter, **paging: int) -> list[int]:
    """Return the log indexes of what a filter finds."""
    async with database.reading() as rows:
        return [each.log_index for each in await rows.recordings.list(which, **paging)]


def collected(number: int) -> Recording:
    """Return a recording whose collection is on record."""
    return recording(number).collect(NOON, Cause.COLLECTION, delete_on_collection=True)


async def test_a_recording_comes_back_as_it_was(database: Database) -> None:
    """Recording, header and details come back, by id, idempotency key and beginning of the id."""
    await add_parties(database)
    await add_uploads(database, upload(1), upload(2, source=OWN_PBX))

    async with database.reading() as rows:
        assert await rows.recordings.get(recording(1).id) == recording(1)
        assert await rows.recordings.same_as("same 2") == recording(2, source=OWN_PBX)
        assert await rows.recordings.same_as("same 3") is None
        assert await rows.recordings.find(recording(2).id[:-1] + "2") == recording(2).id
        assert await rows.recordings.header(recording(1).id) == b"header 1"
        assert await rows.recordings.details([recording(1).id, RecordingId("another")]) == {
            recording(1).id: SealedDetails(upload(1).day, b"details 1")
        }
        with pytest.raises(Ambiguous):
            await rows.recordings.find("rec")
        with pytest.raises(NotFound):
            await rows.recordings.find("red")


@pytest.mark.parametrize("same", ["blob", "same_as"])
async def test_blob_and_idempotency_key_are_unique(database: Database, same: str) -> None:
    """A second recording in the same blob, or under the same idempotency key, is refused."""
    await add_parties(database)
    await add_uploads(database, upload(1))
    twin = upload(2)
    if same == "blob":
        twin = replace(twin, recording=replace(twin.recording, blob=recording(1).blob))
    else:
        twin = replace(twin, same_as=upload(1).same_as)

    with pytest.raises(Conflict):
        await add_uploads(database, twin)

    assert await listed(database, RecordingFilter()) == [1]


async def test_uploads_without_a_key_are_apart(database: Database) -> None:
    """Without an idempotency key and call id nothing is deduplicated."""
    await add_parties(database)

    await add_uploads(database, *(replace(upload(number), same_as=None, call=None) for number in (1, 2)))

    assert await listed(database, RecordingFilter()) == [2, 1]


async def test_an_idempotency_key_can_be_let_go(database: Database) -> None:
    """A recording that let its key go is found by it no more, and another may have it."""
    await add_parties(database)
    await add_uploads(database, upload(1))

    async with database.unit_of_work() as work:
        await work.recordings.forget_same_as(recording(1).id)
        await work.recordings.add(replace(upload(2), same_as=upload(1).same_as))
        await work.commit()

    async with database.reading() as rows:
        assert await rows.recordings.same_as("same 1") == recording(2)
        assert await rows.recordings.get(recording(1).id) == recording(1)


async def test_the_details_of_a_day_can_be_dropped(database: Database) -> None:
    """The call details of that day go, those of another stay, and so do the recordings."""
    await add_parties(database)
    another = replace(upload(2), day=upload(1).day + timedelta(days=1))
    await add_uploads(database, upload(1), another)

    async with database.unit_of_work() as work:
        await work.recordings.drop_details(upload(1).day)
        await work.commit()

    async with database.reading() as rows:
        assert set(await rows.recordings.details([recording(1).id, recording(2).id])) == {recording(2).id}
        assert await rows.recordings.get(recording(1).id) == recording(1)


async def test_a_changed_recording_is_kept(database: Database) -> None:
    """A recording is kept on its way to the end; what isn't there can't be changed."""
    await add_parties(database)
    await add_uploads(database, upload(1))
    ended = collected(1).shred(NOON + timedelta(seconds=1), 77)

    async with database.unit_of_work() as work:
        await work.recordings.save(ended)
        await work.recordings.drop_header(ended.id)
        await work.commit()

    async with database.reading() as rows:
        assert await rows.recordings.get(ended.id) == ended
        assert await rows.recordings.header(ended.id) is None
    with pytest.raises(NotFound):
        async with database.unit_of_work() as work:
            await work.recordings.save(recording(5))


async def test_what_a_crash_left_is_found(database: Database) -> None:
    """Those collected and not shredded are unfinished; the others aren't."""
    await add_parties(database)
    await add_uploads(database, *(upload(number) for number in range(4)))
    async with database.unit_of_work() as work:
        for each in (collected(1), collected(3), collected(2).shred(NOON, 9)):
            await work.recordings.save(each)
        await work.commit()

    async with database.reading() as rows:
        assert list(await rows.recordings.unfinished(9)) == [collected(1), collected(3)]
        assert list(await rows.recordings.unfinished(1)) == [collected(1)]


async def test_recordings_are_counted_by_state(database: Database) -> None:
    """How many and how many bytes, for the states that occur."""
    await add_parties(database)
    await add_uploads(database, *(upload(number) for number in range(3)))
    async with database.unit_of_work() as work:
        await work.recordings.save(collected(1))
        await work.commit()

    async with database.reading() as rows:
        assert await rows.recordings.counts() == {
            RecordingState.WAITING: (2, 2002),
            RecordingState.COLLECTED: (1, 1001),
        }


async def test_a_blob_is_known_until_its_recording_is_shredded(database: Database) -> None:
    """The sweep must not touch the blob of a living recording, nor keep a dead one's."""
    await add_parties(database)
    await add_uploads(database, upload(1), upload(2))
    async with database.unit_of_work() as work:
        await work.recordings.save(collected(1))
        await work.recordings.save(collected(2).shred(NOON, 9))
        await work.commit()

    async with database.reading() as rows:
        known = [await rows.recordings.knows_blob(BlobKey(key)) for key in ("blob1", "blob2", "blob3")]
    assert known == [True, False, False]


async def test_the_newest_come_first_page_by_page(database: Database) -> None:
    """A list is paged by the place in the log: nothing comes twice, nothing is left out."""
    await add_parties(database)
    await add_uploads(database, *(upload(number) for number in range(7)))

    first = await listed(database, RecordingFilter(), limit=3)
    second = await listed(database, RecordingFilter(), before=first[-1], limit=3)
    third = await listed(database, RecordingFilter(), before=second[-1], limit=3)

    assert [*first, *second, *third] == [6, 5, 4, 3, 2, 1, 0]
    async with database.reading() as rows:
        assert [each.log_index async for each in rows.recordings.scan()] == list(range(7))


async def test_no_recording_is_passed_over(database: Database) -> None:
    """Whatever its row says of its place in the log, a scan comes by it."""
    await add_parties(database)
    places = [-(1 << 63), -1, 0, 5, (1 << 63) - 1]
    moved = [
        replace(each, recording=replace(each.recording, log_index=place))
        for each, place in zip(map(upload, range(5)), places, strict=True)
    ]
    await add_uploads(database, *moved)

    async with database.reading() as rows:
        assert [each.log_index async for each in rows.recordings.scan()] == places


DAY = timedelta(days=1)
WAITING, ENDED = RecordingState.WAITING, RecordingState.SHREDDED


@pytest.mark.parametrize(
    ("which", "found"),
    [
        (RecordingFilter(), [5, 4, 3, 2, 1, 0]),
        (RecordingFilter(customer=ACME.id), [5, 3, 1]),
        (RecordingFilter(own=True), [4, 2, 0]),
        (RecordingFilter(source=OWN_PBX.id), [4, 2, 0]),
        (RecordingFilter(source=PBX.id, states=(WAITING,)), [5, 1]),
        (RecordingFilter(customer=ACME.id, states=(ENDED, WAITING, ENDED)), [5, 3, 1]),
        (RecordingFilter(states=(ENDED,)), [3]),
        (RecordingFilter(own=True, customer=ACME.id), []),
        (RecordingFilter(since=NOON + 2 * DAY), [5, 4, 3]),
        (RecordingFilter(until=NOON + 2 * DAY - timedelta(hours=1)), [1, 0]),
        (RecordingFilter(customer=ACME.id, states=(WAITING,), since=NOON + DAY, until=NOON + 9 * DAY), [5]),
        (RecordingFilter(own=True, since=NOON, until=NOON + 3 * DAY), [2]),
        (RecordingFilter(numbers=("even",)), [4, 2, 0]),
        (RecordingFilter(numbers=("even", "three", "none")), [4, 3, 2, 0]),
        (RecordingFilter(own=True, numbers=("even",), since=NOON + DAY), [4, 2]),
        (RecordingFilter(numbers=("three",), states=(WAITING,)), []),
        (RecordingFilter(call="call 3"), [3]),
        (RecordingFilter(call="call 3", source=OWN_PBX.id), []),
        (RecordingFilter(call="call 3", customer=ACME.id, states=(ENDED,)), [3]),
        (RecordingFilter(ids=(recording(5).id, recording(0).id, RecordingId("none"))), [5, 0]),
        (RecordingFilter(ids=(recording(5).id, recording(0).id), own=True), [0]),
    ],
)
async def test_every_filter_finds_its_own(
    database: Database, which: RecordingFilter, found: list[int]
) -> None:
    """Every given field must fit, and what fits is found, below a place in the log too."""
    await add_parties(database)
    for number, numbers in enumerate([["even"], ["odd"], ["even"], ["three", "three", "odd"], ["even"], []]):
        source = PBX if number % 2 else OWN_PBX
        await add_uploads(database, upload(number, source=source, numbers=tuple(numbers)))
    async with database.unit_of_work() as work:
        await work.recordings.save(collected(3).shred(NOON, 9))
        await work.commit()

    assert await listed(database, which) == found
    assert await listed(database, which, before=3) == [number for number in found if number < 3]
    assert await listed(database, which, limit=1) == found[:1]
