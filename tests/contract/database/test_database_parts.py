"""Every database tells in runs what lies beside recordings, and all else that is held against the log."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from tests.contract.database.samples import ACME, ZENITH, add_parties, add_uploads, append, recording, upload
from tests.fakes.clock import NOON
from vault.domain.names import BlobKey
from vault.domain.recording import RecordingState
from vault.domain.staff import LockedIdentity, Owner
from vault.ports.database import Database
from vault.ports.recording_parts import Beside, FoundBy
from vault.ports.repositories import Period, PeriodSlot, SealedDetails

DAY = date(2026, 11, 20)


async def test_parts_are_read_in_runs(database: Database) -> None:
    """What lies beside recordings comes for those of a span, and a token for each that the index has."""
    await add_parties(database)
    await add_uploads(database, *(upload(each, numbers=("one", "two")) for each in range(600)))
    async with database.unit_of_work() as work:
        await work.recordings.drop_header(recording(1).id)
        await work.recordings.drop_details(upload(2).day)
        await work.commit()
    ids = [recording(each).id for each in range(600)]

    async with database.reading() as rows:
        beside = await rows.recording_parts.beside(1, 598)
        none = await rows.recording_parts.beside(600, 999)
        wanted = [(token, each) for each in ids for token in ("one", "three")]
        indexed = await rows.recording_parts.indexed(wanted)
        nothing = await rows.recording_parts.indexed([])

    assert beside.keys() == set(ids[1:599])
    assert [each for each in ids if each in beside and beside[each].header is None] == [ids[1]]
    assert [each for each in ids if each in beside and beside[each].details is None] == [ids[2]]
    seventh = upload(7)
    found_by = FoundBy(seventh.started_at, "same 7", "call 7")
    assert beside[ids[7]] == Beside(found_by, b"header 7", SealedDetails(seventh.day, seventh.details))
    assert indexed == {("one", each) for each in ids}
    assert (nothing, none) == (set(), {})


async def test_recordings_are_known_by_slot_and_blob(database: Database) -> None:
    """Whatever their state, and none for what no row names."""
    await add_parties(database)
    await add_uploads(database, upload(1), upload(2))
    ended = replace(recording(2), state=RecordingState.SHREDDED)
    async with database.unit_of_work() as work:
        await work.recordings.save(ended)
        await work.commit()

    async with database.reading() as rows:
        assert await rows.recording_parts.in_slots([2, 99]) == [ended]
        assert await rows.recording_parts.in_blobs([BlobKey("blob1"), BlobKey("none")]) == [recording(1)]
        assert await rows.recording_parts.orphans(9) == []


async def test_unfinished_recordings_come_in_pages(database: Database) -> None:
    """The next page begins above the last one's place in the log."""
    await add_parties(database)
    await add_uploads(database, *(upload(each) for each in range(4)))
    async with database.unit_of_work() as work:
        for each in range(4):
            await work.recordings.save(replace(recording(each), state=RecordingState.COLLECTED))
        await work.commit()

    async with database.reading() as rows:
        page = await rows.recordings.unfinished(2, after=0)

    assert [each.log_index for each in page] == [1, 2]


async def test_every_identity_is_read_in_order(database: Database) -> None:
    """By owner and generation, more of them than one step takes."""
    await add_parties(database)
    customer = LockedIdentity(Owner.CUSTOMER, ACME.id, 1, "age1pq…", b"vouched", None, None)
    kept = [replace(customer, owner_id=f"{number:04}") for number in range(450)]
    kept += [replace(customer, owner_id=ZENITH.id, generation=number) for number in (2, 1)]
    async with database.unit_of_work() as work:
        for each in kept:
            await work.identities.add(each)
        await work.commit()

    async with database.reading() as rows:
        read = [each async for each in rows.identities.scan()]

    assert read == sorted(kept, key=lambda each: (each.owner_id, each.generation))


async def test_periods_have_their_slots(database: Database) -> None:
    """Each with the moment from which its slot is its slot, which is in use."""
    async with database.unit_of_work() as work:
        number = await work.slots.claim("day-details", NOON)
        await work.slots.add_period(Period.DAY_DETAILS, DAY, number)
        await work.commit()
    async with database.reading() as rows:
        assert list(await rows.slots.periods()) == [PeriodSlot(Period.DAY_DETAILS, DAY, number, NOON)]
        assert await rows.slots.in_use([number, 99]) == [number]


async def test_an_honest_log_has_no_orphaned_details(database: Database) -> None:
    """Each detail row has its entry."""
    await append(database, 3)

    async with database.reading() as rows:
        assert list(await rows.events.orphaned_details(9)) == []
