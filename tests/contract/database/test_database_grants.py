"""Every database keeps grants, and requests for openings with their approvals."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contract.database.samples import add_parties, add_uploads, recording, upload
from tests.fakes.clock import NOON
from vault.domain.event import Action
from vault.domain.grant import Grant, GrantState
from vault.domain.names import GrantId, RecordingId, RequestId, StaffId, StaffName
from vault.domain.opening_request import OpeningRequest
from vault.domain.staff import Role, StaffMember
from vault.errors import Ambiguous, Conflict, NotFound
from vault.ports.database import Database
from vault.ports.grants import GrantFilter

FIRST, SECOND = recording(1).id, recording(2).id
MIA, MAX = StaffId("mia0id"), StaffId("max0id")
DAY = timedelta(days=1)


def grant(number: int, of: RecordingId = FIRST, to: StaffId = MIA) -> Grant:
    """Return a grant issued so many minutes after noon, for a day."""
    issued_at = NOON + timedelta(minutes=number)
    return Grant(
        id=GrantId(f"grant{number:015d}"),
        recording=of,
        manager=to,
        issued_by=StaffId("dana0id"),
        issued_at=issued_at,
        expires_at=issued_at + DAY,
        uses=3,
        state=GrantState.PENDING if number % 2 else GrantState.LIVE,
        slot=number,
        sealed=b"layers \x00\xff",
    )


def request(number: int, action: Action = Action.RECORDING_OPENED) -> OpeningRequest:
    """Return Mia's request for the first recording, made so many minutes after noon."""
    return OpeningRequest(
        RequestId(f"request{number:013d}"), FIRST, action, MIA, NOON + timedelta(minutes=number)
    )


async def add(database: Database, *added: Grant | OpeningRequest) -> None:
    """Add people, recordings, and these."""
    await add_parties(database)
    await add_uploads(database, upload(1), upload(2))
    async with database.unit_of_work() as work:
        for person, name in ((MIA, "mia"), (MAX, "max")):
            await work.staff.add(StaffMember(person, StaffName(name), Role.MANAGER, NOON))
        for each in added:
            if isinstance(each, Grant):
                await work.grants.add(each)
            else:
                await work.opening_requests.add(each)
        await work.commit()


async def test_grants_come_back_as_they_were(database: Database) -> None:
    """Changed, ended and untouched ones: every field, the newest first, whichever are asked for."""
    used = replace(grant(2), used=1, slot=9, sealed=b"moved", approved_by=StaffId("dora0id"))
    ended = grant(3, SECOND).end(GrantState.REVOKED, NOON + DAY)
    await add(database, grant(1), grant(2), grant(3, SECOND), grant(4, SECOND, MAX))
    async with database.unit_of_work() as work:
        await work.grants.save(used)
        await work.grants.save(ended)
        await work.commit()

    async with database.reading() as rows:
        asked = {
            GrantFilter(): [grant(4, SECOND, MAX), ended, used, grant(1)],
            GrantFilter(recording=SECOND): [grant(4, SECOND, MAX), ended],
            GrantFilter(manager=MIA): [ended, used, grant(1)],
            GrantFilter(recording=SECOND, unended=True): [grant(4, SECOND, MAX)],
            GrantFilter(recording=FIRST, manager=MAX): [],
        }
        for which, expected in asked.items():
            assert list(await rows.grants.list(which)) == expected
        assert await rows.grants.get(used.id) == used
        assert await rows.grants.get(GrantId("another")) is None


async def test_grants_whose_time_is_over_are_found(database: Database) -> None:
    """The longest over comes first; one that has ended, or has time left, is none of them."""
    await add(database, grant(3), grant(1), grant(2), grant(4))
    async with database.unit_of_work() as work:
        await work.grants.save(grant(2).end(GrantState.USED, NOON))
        await work.commit()

    async with database.reading() as rows:
        now = grant(3).expires_at
        assert list(await rows.grants.expired(now, 9)) == [grant(1), grant(3)]
        assert list(await rows.grants.expired(now, 1)) == [grant(1)]
        assert list(await rows.grants.expired(NOON, 9)) == []


async def test_grants_are_found_by_the_beginning_of_their_ids(database: Database) -> None:
    """A prefix that fits one finds it; one that fits none or several says so."""
    await add(database, grant(1), grant(2), request(1), request(2))
    async with database.reading() as rows:
        assert await rows.grants.find(grant(2).id) == grant(2)
        assert await rows.opening_requests.find(request(2).id) == request(2)
        for repository, prefix in ((rows.grants, "grant"), (rows.opening_requests, "request")):
            with pytest.raises(Ambiguous):
                await repository.find(prefix)
            with pytest.raises(NotFound):
                await repository.find("zzz")


async def test_what_a_grant_needs(database: Database) -> None:
    """Without recording or person, twice, or of none to change: refused."""
    await add(database, grant(1), request(1))
    async with database.unit_of_work() as work:
        for bad in (grant(2, RecordingId("another")), grant(2, to=StaffId("another"))):
            with pytest.raises(NotFound):
                await work.grants.add(bad)
        with pytest.raises(Conflict):
            await work.grants.add(replace(grant(1), uses=1))
        with pytest.raises(NotFound):
            await work.grants.save(grant(9))
        with pytest.raises(NotFound):
            await work.opening_requests.add(replace(request(2), recording=RecordingId("another")))
        with pytest.raises(Conflict):
            await work.opening_requests.add(request(1))
        with pytest.raises(NotFound):
            await work.opening_requests.save(request(9))


async def test_approvals_that_are_not_used_are_found(database: Database) -> None:
    """Approved and unused, of that person, recording and action alone, the oldest approval first."""
    later, sooner, used = (
        replace(request(number).approve(MAX, NOON + hours * DAY, 30 * DAY), vouched=b"\x00mark")
        for number, hours in ((1, 3), (2, 2), (3, 1))
    )
    other = request(5, Action.RECORDING_EXPORTED).approve(MAX, NOON, DAY)
    await add(database, *(request(number) for number in (1, 2, 3, 4)), request(5, Action.RECORDING_EXPORTED))
    async with database.unit_of_work() as work:
        for each in (later, sooner, used.use(NOON), other):
            await work.opening_requests.save(each)
        await work.commit()

    async with database.reading() as rows:
        not_used = rows.opening_requests.not_used
        assert list(await not_used(None, 9)) == [other, request(4), sooner, later]
        assert list(await not_used(MIA, 2)) == [other, request(4)]
        assert list(await not_used(MAX, 9)) == []
        find = rows.opening_requests.unused
        assert list(await find(FIRST, MIA, Action.RECORDING_OPENED)) == [sooner, later]
        assert list(await find(FIRST, MIA, Action.RECORDING_EXPORTED)) == [other]
        assert list(await find(SECOND, MIA, Action.RECORDING_OPENED)) == []
        assert list(await find(FIRST, MAX, Action.RECORDING_OPENED)) == []
        assert await rows.opening_requests.find(used.id) == used.use(NOON)
