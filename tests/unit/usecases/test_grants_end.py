"""A grant ends with its last use, its time, its person, its recording or a revocation; then never again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.fakes.power import PowerCut
from tests.fakes.staffed import REASON, SOUND, Staffed, living_grants, staffed, why_refused
from vault.domain.event import SERVICE, Action
from vault.domain.grant import GrantState
from vault.domain.names import StaffName
from vault.errors import (
    AccessDenied,
    Closed,
    Collected,
)
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.end_grants import end_expired_grants
from vault.usecases.reconcile_slots import destroy_left_slots
from vault.usecases.recover import recover
from vault.usecases.remove_staff import remove_staff
from vault.usecases.revoke_grant import revoke_grant
from vault.usecases.shred_by_instruction import shred_by_instruction


@pytest.fixture
def office() -> Staffed:
    """Return an office of this test's own."""
    made = staffed()
    return made.over(made.scene.copy())


async def test_the_last_use_ends_it(office: Staffed) -> None:
    """So many uses and no more; each moves the grant to a fresh slot, the last leaves none alive."""
    grant, password = await office.grant(uses=3)
    slots = []
    for _ in range(3):
        slots += living_grants(office)
        assert await office.use(password) == SOUND
    with pytest.raises(AccessDenied):
        await office.use(password)

    assert len(set(slots)) == 3
    assert living_grants(office) == []
    ended = office.scene.parts.database.state.grants[grant.id]
    assert (ended.state, ended.used, ended.sealed) == (GrantState.USED, 3, None)
    assert await why_refused(office) == ["grant_used"]


async def test_it_ends_with_its_time(office: Staffed) -> None:
    """Once its time is over it opens nothing, whether housekeeping came by or not; its slot is destroyed."""
    for sweep in (True, False):
        _, password = await office.grant(lifetime=timedelta(hours=1))
        office.scene.parts.clock.advance(timedelta(hours=1))
        if sweep:
            assert await end_expired_grants(office.scene.vault) == 1
            assert living_grants(office) == []
        with pytest.raises(AccessDenied):
            await office.use(password)
        assert living_grants(office) == []

    assert await why_refused(office) == ["grant_expired"] * 2
    assert len(await office.scene.log(Action.GRANT_EXPIRED)) == 2
    assert await end_expired_grants(office.scene.vault) == 0


async def test_it_ends_when_it_is_revoked(office: Staffed) -> None:
    """A revoked grant opens nothing; a second revocation is refused, a second grant is not."""
    grant, password = await office.grant()
    revoked = await revoke_grant(office.scene.vault, grant.id[:9], by=SERVICE)
    with pytest.raises(AccessDenied):
        await office.use(password)
    with pytest.raises(Closed):
        await revoke_grant(office.scene.vault, grant.id, by=SERVICE)

    assert (revoked.state, living_grants(office)) == (GrantState.REVOKED, [])
    _, password = await office.grant()
    assert await office.use(password) == SOUND


@pytest.mark.parametrize("collected", [True, False])
async def test_it_ends_with_its_recording(office: Staffed, collected: bool) -> None:  # noqa: FBT001 - pytest's parameter
    """Collection and instruction destroy a recording's grants in the step that destroys its own slot."""
    scene = office.scene
    grant, password = await office.grant(uses=2)
    _, other = await office.grant(office.own, office.tom)
    slots, before = scene.parts.slots, scene.copy()
    if collected:
        visitor = await scene.visitor(scene.acme)
        await confirm_receipt(scene.vault, visitor, office.theirs, scene.recording(office.theirs).sha256)
    else:
        await shred_by_instruction(
            scene.vault, office.dana, office.theirs, reason=REASON, instructed_by="acme"
        )

    with pytest.raises(Collected):
        await office.use(password)
    assert not slots.alive(grant.slot)
    assert scene.parts.database.state.grants[grant.id].state is GrantState.SHREDDED
    assert await office.use(other, office.own, by=office.tom) == SOUND
    # Yesterday's database beside today's slots:
    yesterday = office.over(before.over(before.parts.beside(slots)))
    with pytest.raises(AccessDenied):
        await yesterday.use(password)


async def test_it_ends_when_its_person_leaves(office: Staffed) -> None:
    """Who is removed from the staff leaves no grant behind; another's stays."""
    _, left = await office.grant()
    _, stays = await office.grant(to=office.max)
    await remove_staff(office.scene.vault, office.dana, StaffName("mia"))

    with pytest.raises(AccessDenied):
        await office.use(left)
    assert len(living_grants(office)) == 1
    assert await office.use(stays, by=office.max) == SOUND


@pytest.mark.parametrize("ended", ["used", "revoked", "expired"])
async def test_yesterdays_database_brings_no_grant_back(office: Staffed, ended: str) -> None:
    """A copy of the database from before a use, revocation or expiry opens nothing beside today's slots."""
    grant, password = await office.grant(uses=2)
    before = office.scene.copy()
    if ended == "used":
        await office.use(password)
    elif ended == "revoked":
        await revoke_grant(office.scene.vault, grant.id, by=SERVICE)
    else:
        office.scene.parts.clock.advance(timedelta(days=2))
        await end_expired_grants(office.scene.vault)

    yesterday = office.over(before.over(before.parts.beside(office.scene.parts.slots)))
    with pytest.raises(AccessDenied):
        await yesterday.use(password)
    assert await why_refused(yesterday) == ["grant_destroyed"]


async def test_a_crash_leaves_no_slot_of_an_ended_grant(office: Staffed) -> None:
    """Cut off between the commit of the last use and the overwriting, it is finished after the next start."""
    _, password = await office.grant()
    power = office.scene.parts.power
    power.steps.clear()
    await office.over(office.scene.copy()).use(password)
    last = len(power.steps)
    for cut in range(last + 12):
        crashed = office.over(office.scene.copy())
        crashed.scene.parts.power.cut_at = cut
        try:
            await crashed.use(password)
        except PowerCut:
            crashed.scene.parts.power.restore()
            again = crashed.over(crashed.scene.restarted())
            await recover(again.scene.vault)
            await destroy_left_slots(again.scene.vault)
            used = bool(await again.scene.log(Action.GRANT_USED))
            assert (living_grants(again) == []) == used
            continue
        break
    else:
        pytest.fail("it never got through")
