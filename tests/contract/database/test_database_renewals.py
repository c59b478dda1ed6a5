"""Every database keeps renewals, generations of identities, headers sealed anew, and people who left."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contract.database.samples import ACME, OWN_PBX, ZENITH, add_parties, add_uploads, upload
from tests.fakes.clock import NOON
from vault.domain.names import RecordingId, StaffId, StaffName
from vault.domain.recording import RecordingState
from vault.domain.renewal import Renewal, RenewalStage
from vault.domain.staff import Group, LockedIdentity, Owner, Role, StaffMember
from vault.errors import NotFound, VaultError
from vault.ports.database import Database

OFFICE = Renewal.begin(
    1,
    owner=Owner.GROUP,
    owner_id=Group.DPO_OFFICE,
    generation=2,
    log_index=77,
    begun_at=NOON,
    locks=3,
    recordings=1_000_000,
)
CUSTOMERS = replace(OFFICE, number=2, owner=Owner.CUSTOMER, owner_id=ACME.id, stage=RenewalStage.RECORDINGS)
LOCKED = LockedIdentity(Owner.CUSTOMER, ACME.id, 1, "age1pq…", b"vouched", 3, b"sealed \x00")
DANA = StaffMember(StaffId("dana0id"), StaffName("dana"), Role.DPO, NOON)


async def test_renewals_are_kept_as_far_as_they_are(database: Database) -> None:
    """A renewal comes back as it was saved; the unfinished ones oldest first; the epoch counts them all."""
    async with database.unit_of_work() as work:
        assert await work.renewals.epoch() == 0
        await work.renewals.add(CUSTOMERS)
        await work.renewals.add(OFFICE)
        await work.commit()
    moved = replace(OFFICE.locked("zenith", 3, 1).all_locked().sealed(40, 37, 2), vouched=b"mark \x00")
    async with database.unit_of_work() as work:
        await work.renewals.save(moved)
        await work.commit()

    async with database.reading() as rows:
        assert await rows.renewals.get(1) == moved
        assert await rows.renewals.get(3) is None
        assert list(await rows.renewals.unfinished()) == [moved, CUSTOMERS]
        assert await rows.renewals.epoch() == 2


async def test_a_finished_renewal_counts_still(database: Database) -> None:
    """Once finished it waits for nobody, and the epoch stays."""
    async with database.unit_of_work() as work:
        await work.renewals.add(OFFICE)
        await work.renewals.save(OFFICE.finish(NOON + timedelta(microseconds=1)))
        await work.commit()

    async with database.reading() as rows:
        assert await rows.renewals.unfinished() == []
        assert await rows.renewals.epoch() == 1
        assert await rows.renewals.get(1) == OFFICE.finish(NOON + timedelta(microseconds=1))


async def test_a_renewal_is_begun_once(database: Database) -> None:
    """A number that is taken is refused; one that is not there can't be saved."""
    async with database.unit_of_work() as work:
        await work.renewals.add(OFFICE)
        await work.commit()

    with pytest.raises(VaultError):
        async with database.unit_of_work() as work:
            await work.renewals.add(OFFICE)
    with pytest.raises(NotFound):
        async with database.unit_of_work() as work:
            await work.renewals.save(CUSTOMERS)


async def test_each_generation_is_found(database: Database) -> None:
    """An older generation is found by its number beside the current one, and may have ended."""
    ended = replace(LOCKED, slot=None, sealed=None)
    second = replace(LOCKED, generation=2, slot=9)
    async with database.unit_of_work() as work:
        await work.identities.add(LOCKED)
        await work.identities.add(second)
        await work.identities.save(ended)
        await work.commit()

    async with database.reading() as rows:
        assert await rows.identities.get(Owner.CUSTOMER, ACME.id, 1) == ended
        assert await rows.identities.get(Owner.CUSTOMER, ACME.id, 2) == second
        assert await rows.identities.get(Owner.CUSTOMER, ACME.id, 3) is None
        assert await rows.identities.current(Owner.CUSTOMER, ACME.id) == second


async def test_owners_are_walked_through(database: Database) -> None:
    """Owners of one kind come in order, each once however many generations, from any place on."""
    async with database.unit_of_work() as work:
        for owner_id in ("c", "a", "b"):
            await work.identities.add(replace(LOCKED, owner_id=owner_id))
        await work.identities.add(replace(LOCKED, owner_id="b", generation=2))
        await work.identities.add(replace(LOCKED, owner=Owner.STAFF, owner_id="d"))
        await work.commit()

    async with database.reading() as rows:
        assert list(await rows.identities.owners(Owner.CUSTOMER, after="", limit=10)) == ["a", "b", "c"]
        assert list(await rows.identities.owners(Owner.CUSTOMER, after="a", limit=1)) == ["b"]
        assert list(await rows.identities.owners(Owner.CUSTOMER, after="c", limit=1)) == []


async def test_a_header_is_replaced_while_there_is_one(database: Database) -> None:
    """A new header and slot replace the old ones; what was dropped comes back by nothing."""
    await add_parties(database)
    await add_uploads(database, upload(1), upload(2))
    one, two = upload(1).recording, upload(2).recording
    async with database.unit_of_work() as work:
        await work.recordings.save(replace(one, slot=50))
        await work.recordings.put_header(one.id, b"sealed anew")
        await work.recordings.drop_header(two.id)
        for gone in (two.id, RecordingId("nobody")):
            with pytest.raises(NotFound):
                await work.recordings.put_header(gone, b"back again")
        await work.commit()

    async with database.reading() as rows:
        assert await rows.recordings.get(one.id) == replace(one, slot=50)
        assert await rows.recordings.header(one.id) == b"sealed anew"
        assert await rows.recordings.header(two.id) is None


async def test_the_living_are_counted(database: Database) -> None:
    """Those that wait or are retained count, of everybody or of one customer."""
    await add_parties(database)
    await add_uploads(database, upload(1), upload(2), upload(3), upload(4, source=OWN_PBX))
    async with database.unit_of_work() as work:
        states = {1: RecordingState.RETAINED, 2: RecordingState.COLLECTED}
        for number, state in states.items():
            await work.recordings.save(replace(upload(number).recording, state=state))
        await work.commit()

    async with database.reading() as rows:
        assert await rows.recordings.living() == 3
        assert await rows.recordings.living(ACME.id) == 2
        assert await rows.recordings.living(ZENITH.id) == 0


async def test_who_left_is_kept(database: Database) -> None:
    """A person who left stays in the list, with the time."""
    gone = DANA.remove(NOON + timedelta(days=1))
    async with database.unit_of_work() as work:
        await work.staff.add(DANA)
        await work.staff.save(gone)
        await work.commit()

    async with database.reading() as rows:
        assert await rows.staff.get(DANA.name) == gone
        assert list(await rows.staff.all()) == [gone]
