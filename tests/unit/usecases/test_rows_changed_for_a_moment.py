"""A row that is changed for a moment and put back: nobody gets more by it; what was done by it is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from keys.errors import NoMatchingIdentity
from keys.identities import unlock
from tests.fakes.keyring import locked_bytes
from tests.fakes.scene import Scene, digest
from tests.fakes.staff_there import by_file, owner, visitor
from tests.fakes.staffed import REASON, Staffed, staffed
from tests.harness.staff import add_person, custodian, dana
from vault.domain.event import Action
from vault.domain.names import StaffName
from vault.domain.recording import RecordingState
from vault.domain.renewal import RenewalStage
from vault.domain.staff import Group, Owner, Role
from vault.errors import AccessDenied, ApprovalNeeded, LogCorrupt
from vault.usecases.approve_opening import approve_opening
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.open_as_staff import open_as_staff
from vault.usecases.place_hold import place_hold
from vault.usecases.remove_staff import remove_staff
from vault.usecases.renew_seals import renew_seals
from vault.usecases.request_opening import request_opening
from vault.usecases.rotate_keys import rotate_keys
from vault.usecases.verify_log import verify_log

MIA = StaffName("mia")


async def test_no_group_is_locked_to_whose_entry_was_changed(scene: Scene) -> None:
    """Role and entry changed together make nobody a DPO: the entry is proven to be in the signed log."""
    dpo = await dana(scene.vault, scene.founding.passphrase)
    mia = await custodian(scene.vault, dpo, MIA, Role.MANAGER)
    state = scene.parts.database.state
    added = next(each for each in state.entries.values() if mia.member.id.encode() in each.record)
    forged = added.record.replace(b'"role":"manager"', b'"role":"dpo"')
    assert forged != added.record
    state.entries[added.index] = replace(added, record=forged)
    state.staff[MIA] = replace(state.staff[MIA], role=Role.DPO)

    with pytest.raises(LogCorrupt):
        await add_person(scene.vault, dpo, "dora", Role.DPO)

    with pytest.raises(NoMatchingIdentity):
        unlock(await locked_bytes(scene, Owner.GROUP, Group.DPO_OFFICE), [mia.own])


async def test_a_session_without_keys_has_the_role_of_the_log(scene: Scene) -> None:
    """An identity file proves who somebody is, not in which role: that the log says."""
    identity = await owner(scene, "olga", Role.MANAGER)
    signed = await by_file(scene, identity)
    state, olga = scene.parts.database.state, StaffName("olga")
    assert (await visitor(scene, signed)).person.member.role is Role.MANAGER

    state.staff[olga] = replace(state.staff[olga], role=Role.DPO)

    with pytest.raises(LogCorrupt):
        await visitor(scene, signed)


async def test_a_hold_taken_off_for_a_moment_is_found(scene: Scene) -> None:
    """What was collected then is named, although the hold's row is as it was."""
    sealed = await scene.upload(scene.acme.source, b"sound")
    dpo = await dana(scene.vault, scene.founding.passphrase)
    (hold,) = await place_hold(scene.vault, dpo, [sealed.recording], case="H-1")
    holds = scene.parts.database.state.holds
    holds[hold.id] = hold.release(scene.parts.clock.now())
    who = await scene.visitor(scene.acme)
    await confirm_receipt(scene.vault, who, sealed.recording, digest(b"sound"))
    scene.parts.database.state.holds[hold.id] = hold
    assert scene.recording(sealed.recording).state is RecordingState.SHREDDED

    (finding,) = (await verify_log(scene.vault)).findings

    assert sealed.recording in finding
    assert "hold" in finding


async def test_a_renewal_called_finished_is_found(scene: Scene) -> None:
    """A renewal that the log does not end leaves recordings that nobody of the staff opens."""
    dpo = await dana(scene.vault, scene.founding.passphrase)
    renewal = await rotate_keys(scene.vault, dpo, Group.TECH_MANAGERS)
    assert (await verify_log(scene.vault)).findings == []
    renewals = scene.parts.database.state.renewals
    renewals[renewal.number] = renewals[renewal.number].finish(scene.parts.clock.now())

    (finding,) = (await verify_log(scene.vault)).findings

    assert "tech-managers" in finding


async def test_a_renewal_whose_stage_was_changed_ends_the_work(scene: Scene) -> None:
    """Going on with it would go on for ever."""
    dpo = await dana(scene.vault, scene.founding.passphrase)
    renewal = await rotate_keys(scene.vault, dpo, Group.TECH_MANAGERS)
    renewals = scene.parts.database.state.renewals
    renewals[renewal.number] = replace(renewals[renewal.number], stage=RenewalStage.FINISHED)

    with pytest.raises(LogCorrupt):
        await renew_seals(scene.vault, dpo)


@pytest.fixture
def lone() -> Staffed:
    """Return an office where one DPO alone opens."""
    return staffed().over(staffed().scene.copy())


async def test_a_grant_is_not_young_again_by_a_clock_set_back(lone: Staffed) -> None:
    """Once the log is past a grant's time, no clock brings it back."""
    office = lone
    _, password = await office.grant(lifetime=timedelta(hours=1), uses=3)
    clock = office.scene.parts.clock
    clock.moment += timedelta(hours=2)
    await open_as_staff(office.scene.vault, office.dana, office.theirs, reason=REASON)
    clock.moment -= timedelta(hours=2)

    with pytest.raises(AccessDenied):
        await office.use(password)

    assert await office.scene.log(Action.GRANT_USED) == []


@pytest.fixture
def office() -> Staffed:
    """Return an office whose policy asks for four eyes on openings."""
    made = staffed()
    parts = made.scene.parts.copy()
    policy = replace(parts.policy, approve_openings=True)
    return made.over(made.scene.over(parts.but(policy=policy)))


async def approved(office: Staffed) -> None:
    """Let Dora approve what Dana asks for."""
    vault = office.scene.vault
    request = await request_opening(vault, office.dana, office.theirs, reason=REASON)
    await approve_opening(vault, office.dora, request.id)


async def test_an_approval_ends_with_who_gave_it(office: Staffed) -> None:
    """A DPO who left since approves nothing."""
    await approved(office)
    await remove_staff(office.scene.vault, office.dana, StaffName("dora"))

    with pytest.raises(ApprovalNeeded):
        await open_as_staff(office.scene.vault, office.dana, office.theirs, reason=REASON)


async def test_an_approval_is_not_young_again_by_a_clock_set_back(office: Staffed) -> None:
    """Once the log is a day past an approval, no clock brings it back."""
    await approved(office)
    clock = office.scene.parts.clock
    clock.moment += timedelta(hours=25)
    with pytest.raises(AccessDenied):
        await open_as_staff(office.scene.vault, office.mia, office.theirs, reason=REASON)  # an entry of then
    clock.moment -= timedelta(hours=25)

    with pytest.raises(ApprovalNeeded):
        await open_as_staff(office.scene.vault, office.dana, office.theirs, reason=REASON)
