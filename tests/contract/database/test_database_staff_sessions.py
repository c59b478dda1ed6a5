"""Every database keeps sessions of staff."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.clock import NOON
from vault.domain.names import SessionId, StaffId, StaffName
from vault.domain.staff import Role, StaffMember
from vault.domain.staff_session import ProofKind, StaffSession
from vault.errors import Conflict, NotFound
from vault.ports.database import Database

DORA = StaffMember(StaffId("dora0id"), StaffName("dora"), Role.DPO, NOON)
TOM = replace(DORA, id=StaffId("tom0id"), name=StaffName("tom"), role=Role.TECH_MANAGER)


def session(number: int, member: StaffMember = DORA) -> StaffSession:
    """Return a session that expires `number` minutes after noon."""
    return StaffSession(
        id=SessionId(f"session{number}"),
        staff=member.id,
        proof=ProofKind.PASSPHRASE,
        lock=7,
        slot=number,
        sealed=b"identity",
        created_at=NOON + timedelta(seconds=number),
        expires_at=NOON + timedelta(minutes=number),
    )


async def add(database: Database, *sessions: StaffSession) -> None:
    """Add the people and these sessions."""
    async with database.unit_of_work() as work:
        for member in (DORA, TOM):
            await work.staff.add(member)
        for each in sessions:
            await work.staff_sessions.add(each)
        await work.commit()


async def test_a_staff_session_comes_back_as_it_was(database: Database) -> None:
    """It is found by its id alone, and by its person, oldest first; another's is not among them."""
    holding_nothing = replace(session(2), proof=ProofKind.IDENTITY, sealed=b"")
    await add(database, holding_nothing, session(1), session(3, TOM))

    async with database.reading() as rows:
        assert await rows.staff_sessions.get(holding_nothing.id) == holding_nothing
        assert await rows.staff_sessions.get(SessionId("another")) is None
        assert list(await rows.staff_sessions.of(DORA.id)) == [session(1), holding_nothing]


async def test_expired_staff_sessions_are_found_in_order(database: Database) -> None:
    """At the moment it expires a session is over; the longest expired come first, so many at most."""
    await add(database, *(session(number) for number in (4, 1, 3, 2)))

    async with database.reading() as rows:
        assert list(await rows.staff_sessions.expired(NOON + timedelta(minutes=3), 2)) == [
            session(1),
            session(2),
        ]
        assert len(await rows.staff_sessions.expired(NOON + timedelta(minutes=3), 9)) == 3


async def test_a_removed_staff_session_is_gone(database: Database) -> None:
    """Removing it twice is no error."""
    await add(database, session(1))
    for _ in range(2):
        async with database.unit_of_work() as work:
            await work.staff_sessions.remove(session(1).id)
            await work.commit()

    async with database.reading() as rows:
        assert await rows.staff_sessions.get(session(1).id) is None


async def test_a_staff_session_is_somebodys_and_one_alone(database: Database) -> None:
    """Nobody's is refused, and so is an id that is taken."""
    await add(database, session(1))
    stranger = replace(session(2), staff=StaffId("nobody"))

    with pytest.raises(Conflict):
        await _add(database, session(1))
    with pytest.raises(NotFound):
        await _add(database, stranger)


async def _add(database: Database, session: StaffSession) -> None:
    async with database.unit_of_work() as work:
        await work.staff_sessions.add(session)
        await work.commit()


async def test_a_person_is_found_by_id(database: Database) -> None:
    """Whoever left is found too."""
    await add(database)
    async with database.unit_of_work() as work:
        await work.staff.save(DORA.remove(NOON))
        await work.commit()

    async with database.reading() as rows:
        assert await rows.staff.by_id(DORA.id) == DORA.remove(NOON)
        assert await rows.staff.by_id(StaffId("another")) is None
