"""What lies under slots: details, headers and sessions open in their own place only."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from keys.age import HybridIdentity
from keys.errors import SlotMismatch
from keys.passwords import issue_token
from keys.secret import Secret
from keys.slots.sealing import seal_under
from tests.contract.database.samples import recording as sample
from tests.fakes.scene import Scene
from vault.domain.access import Session
from vault.domain.call import CallDetails, Direction
from vault.domain.names import CustomerId
from vault.domain.staff import Owner
from vault.errors import AccessDenied, LogCorrupt
from vault.ports.repositories import Period, SealedDetails
from vault.sealing import details, identities, session
from vault.sealing.details import number_token, period_slot

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = date(2026, 11, 20)
SLOT = Secret(b"s" * 32)


async def test_a_period_has_one_slot(scene: Scene) -> None:
    """A day's first call claims its slot, the next finds it; a month is one period, and no day."""
    async with scene.vault.unit_of_work() as work:
        first = await period_slot(scene.vault, work, Period.DAY_DETAILS, DAY, NOW)
        again = await period_slot(scene.vault, work, Period.DAY_DETAILS, DAY, NOW)
        next_day = await period_slot(scene.vault, work, Period.DAY_DETAILS, date(2026, 11, 21), NOW)
        month = await period_slot(scene.vault, work, Period.MONTH_INDEX, DAY, NOW)
        same_month = await period_slot(scene.vault, work, Period.MONTH_INDEX, date(2026, 11, 1), NOW)

    assert first == again
    assert month == same_month
    assert len({slot.reveal() for slot in (first, next_day, month)}) == 3


def test_details_are_bound_to_their_recording() -> None:
    """Another recording's details, another customer's, or another day's slot, do not open."""
    call = CallDetails(called="101", direction=Direction.OUTBOUND, started_at=NOW, calling=("1",))
    mine = sample(1)
    row = SealedDetails(DAY, details.seal(SLOT, mine, call))

    assert details._open(SLOT, mine, row) == call
    given_away = replace(mine, customer=CustomerId("zenith0id"))
    for slot, recording in [(SLOT, sample(2)), (SLOT, given_away), (Secret(b"t" * 32), mine)]:
        with pytest.raises(SlotMismatch):
            details._open(slot, recording, row)


def test_details_of_an_unknown_shape_are_refused() -> None:
    """What authenticates and is no call's details is an error, not a guess."""
    mine = sample(1)
    sealed = seal_under(SLOT, b'{"calling": 7}', bound_to=mine.details_binding)

    with pytest.raises(SlotMismatch):
        details._open(SLOT, mine, SealedDetails(DAY, sealed))


def test_tokens_hide_their_number() -> None:
    """A number's token is the same in a month, another in the next, and no digit of it shows."""
    token = number_token(SLOT, "+442079460000")

    assert token == number_token(SLOT, "+442079460000")
    assert len(token) == 32
    assert len({token, number_token(Secret(b"t" * 32), "+442079460000"), number_token(SLOT, "101")}) == 3


def test_a_session_opens_with_token_and_slot() -> None:
    """The identity of a session needs its own token, slot and row: two of the three open nothing."""
    token, other = issue_token(32), issue_token(32)
    identity = HybridIdentity.generate()
    bare = Session(
        id=session.session_id(token),
        customer=CustomerId("c1"),
        slot=1,
        sealed=b"",
        recordings=(),
        created_at=NOW,
        expires_at=NOW,
    )
    row = session.seal(SLOT, token, identity, bare)

    assert session.open_identity(SLOT, token, row) == identity
    for slot, presented, stored in [
        (Secret(b"t" * 32), token, row),
        (SLOT, other, row),
        (SLOT, other, replace(row, id=session.session_id(other))),
    ]:
        with pytest.raises(SlotMismatch):
            session.open_identity(slot, presented, stored)
    assert session.session_id(token) != session.session_id(other)


async def test_identities_are_asked_for_by_owner(scene: Scene) -> None:
    """Nobody's identity is refused, an unvouched one too, and one kept outside has no bytes here."""
    async with scene.vault.reading() as rows:
        with pytest.raises(AccessDenied):
            await identities.current(scene.vault, rows, Owner.STAFF, "nobody")
        recovery = await identities.current(scene.vault, rows, Owner.RECOVERY, "1")
    with pytest.raises(AccessDenied):
        await identities.locked_bytes(scene.vault, recovery)

    rows_of = scene.parts.database.state.identities
    rows_of[Owner.RECOVERY, "1", 1] = replace(recovery, vouched=b"")
    async with scene.vault.reading() as rows:
        with pytest.raises(LogCorrupt):
            await identities.recipient(scene.vault, rows, Owner.RECOVERY, "1")


async def test_a_lock_is_bound_to_its_owner(scene: Scene) -> None:
    """A locked identity moved to another owner's row does not come out of its slot."""
    rows_of = scene.parts.database.state.identities
    acme = rows_of[Owner.CUSTOMER, scene.acme.customer.id, 1]
    zenith = rows_of[Owner.CUSTOMER, scene.zenith.customer.id, 1]

    with pytest.raises(SlotMismatch):
        await identities.locked_bytes(scene.vault, replace(zenith, slot=acme.slot, sealed=acme.sealed))
