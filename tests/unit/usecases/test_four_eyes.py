"""Four eyes: what one person asks for, a DPO who is somebody else must approve; once, and in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from keys import approval
from keys.age import open_file
from keys.errors import MalformedHeader, NoMatchingIdentity
from keys.slots.sealing import open_under
from tests.fakes.keyring import keyring
from tests.fakes.scene import read_all
from tests.fakes.staffed import REASON, SOUND, Staffed, staffed, why_refused
from vault.domain.event import Action
from vault.domain.grant import GrantState
from vault.domain.names import StaffName
from vault.errors import AccessDenied, ApprovalNeeded, Conflict, Lapsed, LogUnavailable
from vault.sealing.grant import GrantHeader
from vault.usecases.approve_grant import approve_grant
from vault.usecases.approve_opening import approve_opening
from vault.usecases.end_grants import end_expired_grants
from vault.usecases.export_recording import export_recording
from vault.usecases.open_as_staff import open_as_staff
from vault.usecases.remove_staff import remove_staff
from vault.usecases.request_opening import request_opening
from vault.usecases.unlock_staff import Custodian


@pytest.fixture
def office() -> Staffed:
    """Return an office whose policy asks for four eyes on everything."""
    return staffed().under_four_eyes()


async def opened(office: Staffed, by: Custodian) -> bytes:
    """Open acme's recording as this person."""
    return await read_all(await open_as_staff(office.scene.vault, by, office.theirs, reason=REASON))


async def asked(office: Staffed, by: Custodian, *, export: bool = False) -> str:
    """Ask for acme's recording."""
    request = await request_opening(office.scene.vault, by, office.theirs, reason=REASON, export=export)
    return request.id


async def test_a_grant_waits_for_another_dpo(office: Staffed) -> None:
    """Until another DPO approves it, it opens nothing; the slot it waited under is destroyed then."""
    vault = office.scene.vault
    grant, password = await office.grant()
    with pytest.raises(AccessDenied):
        await office.use(password)
    for person in (office.dana, office.tom, office.mia):
        with pytest.raises(AccessDenied):
            await approve_grant(vault, person, grant.id)
    approved = await approve_grant(vault, office.dora, grant.id[:9])

    assert (grant.state, approved.state) == (GrantState.PENDING, GrantState.LIVE)
    assert approved.approved_by == office.dora.member.id
    assert not office.scene.parts.slots.alive(grant.slot)
    assert await office.use(password) == SOUND
    (entry,) = await office.scene.log(Action.GRANT_APPROVED)
    assert (entry.entry.actor, entry.entry.facts["grant"]) == (office.dora.actor.id, grant.id)
    why = [each.entry.facts["why"] for each in await office.scene.log(Action.RECORDING_REFUSED)]
    assert why == ["grant_pending", "same_person", "access_denied", "access_denied"]


async def test_a_waiting_grant_is_shut_by_a_key(office: Staffed) -> None:
    """Every key but another DPO's own is tried on what waits under the slot: none answers its question."""
    grant, _ = await office.grant()
    slot = await office.scene.parts.slots.read(grant.slot)
    recording = office.scene.recording(office.theirs)
    kept = GrantHeader.decode(open_under(slot, grant.sealed or b"", bound_to=grant.binding(recording)))
    question = kept.question or b""
    held = (await keyring(office.scene)).named()
    held |= {"tom": office.tom.own, "mia": office.mia.own, "max": office.max.own}
    for identity in held.values():
        with pytest.raises(NoMatchingIdentity):
            approval.answer(question, identity, grant.id)
    with pytest.raises(MalformedHeader):
        open_file(kept.layers, [office.mia.own])
    answer = approval.answer(question, office.dora.own, grant.id)
    layers = approval.uncover(approval.Layer(question, kept.layers), answer, grant.id)
    assert open_file(layers, [office.mia.own])


async def test_a_row_made_live_by_hand_opens_nothing(office: Staffed) -> None:
    """Whoever writes to the database can't approve."""
    grant, password = await office.grant()
    office.scene.parts.database.state.grants[grant.id] = replace(grant, state=GrantState.LIVE)
    with pytest.raises(Exception, match="does not authenticate"):
        await office.use(password)


async def test_an_approval_comes_once_and_in_time(office: Staffed) -> None:
    """A grant that is approved already is not approved; nor one whose time is over, which is on the log."""
    grant, _ = await office.grant(lifetime=timedelta(hours=1))
    await approve_grant(office.scene.vault, office.dora, grant.id)
    late, _ = await office.grant(to=office.max, lifetime=timedelta(hours=1))
    with pytest.raises(Conflict):
        await approve_grant(office.scene.vault, office.dora, grant.id)
    office.scene.parts.clock.advance(timedelta(hours=1))
    with pytest.raises(Lapsed):
        await approve_grant(office.scene.vault, office.dora, late.id)
    await end_expired_grants(office.scene.vault)
    with pytest.raises(Lapsed):
        await approve_grant(office.scene.vault, office.dora, late.id)
    assert await why_refused(office) == ["lapsed", "lapsed"]


async def test_four_eyes_need_two_dpos(office: Staffed) -> None:
    """Where there is no second DPO, no grant is made that nobody could approve."""
    await remove_staff(office.scene.vault, office.dana, StaffName("dora"))
    with pytest.raises(Conflict):
        await office.grant()


async def test_an_approval_opens_once(office: Staffed) -> None:
    """DPO and tech manager open with another DPO's approval, each time with a new one, named in the entry."""
    vault = office.scene.vault
    for person in (office.dana, office.tom):
        with pytest.raises(ApprovalNeeded):
            await opened(office, person)
        request = await asked(office, person)
        with pytest.raises(ApprovalNeeded):
            await opened(office, person)
        await approve_opening(vault, office.dora, request[:12])
        assert await opened(office, person) == SOUND
        with pytest.raises(ApprovalNeeded):
            await opened(office, person)
        entry = (await office.scene.log(Action.RECORDING_OPENED))[-1].entry
        assert entry.facts["request"] == request
    why = [each.entry.facts["why"] for each in await office.scene.log(Action.RECORDING_REFUSED)]
    assert why == ["approval_needed"] * 6


async def test_an_approval_is_for_one_thing(office: Staffed) -> None:
    """To open is not to export; one person's is not another's; one recording's is not another's."""
    vault = office.scene.vault
    await approve_opening(vault, office.dora, await asked(office, office.dana))
    await approve_opening(vault, office.dana, await asked(office, office.dora, export=True))
    for trial in (
        export_recording(vault, office.dana, office.theirs, reason=REASON),
        open_as_staff(vault, office.dora, office.theirs, reason=REASON),
        open_as_staff(vault, office.dana, office.own, reason=REASON),
        open_as_staff(vault, office.tom, office.theirs, reason=REASON),
    ):
        with pytest.raises(ApprovalNeeded):
            await trial
    exported = await export_recording(vault, office.dora, office.theirs, reason=REASON)
    assert exported.recording.id == office.theirs
    assert await opened(office, office.dana) == SOUND


async def test_an_approval_lasts_a_day(office: Staffed) -> None:
    """After 24 hours it is worth nothing."""
    await approve_opening(office.scene.vault, office.dora, await asked(office, office.dana))
    office.scene.parts.clock.advance(timedelta(hours=24))
    with pytest.raises(ApprovalNeeded):
        await opened(office, office.dana)


async def test_a_request_waits_for_two_weeks(office: Staffed) -> None:
    """After the days of `[approval] request_days` it is not approved, on the log; asked for anew it is."""
    vault, patience = office.scene.vault, office.scene.vault.policy.request_patience
    request, other = await asked(office, office.dana), await asked(office, office.tom)
    office.scene.parts.clock.advance(patience - timedelta(seconds=1))
    await approve_opening(vault, office.dora, other)
    office.scene.parts.clock.advance(timedelta(seconds=1))
    with pytest.raises(Lapsed, match="14 days; ask again"):
        await approve_opening(vault, office.dora, request)

    assert patience == timedelta(days=14)
    (entry,) = await office.scene.log(Action.RECORDING_REFUSED)
    facts = entry.entry.facts
    assert (entry.entry.actor, facts["tried"], facts["why"]) == (
        office.dora.actor.id, "opening.approved", "lapsed",
    )  # fmt: skip
    assert await opened(office, office.tom) == SOUND, "an approval in time has its own day"
    await approve_opening(vault, office.dora, await asked(office, office.dana))
    assert await opened(office, office.dana) == SOUND


async def test_who_approves_an_opening(office: Staffed) -> None:
    """Neither who asks nor anybody but a DPO; nobody twice; and a manager can't even ask."""
    vault = office.scene.vault
    request = await asked(office, office.dana)
    for person in (office.dana, office.tom, office.mia):
        with pytest.raises(AccessDenied):
            await approve_opening(vault, person, request)
    with pytest.raises(AccessDenied):
        await asked(office, office.mia)
    await approve_opening(vault, office.dora, request)
    with pytest.raises(Conflict):
        await approve_opening(vault, office.dora, request)


async def test_an_approval_written_by_hand_is_none(office: Staffed) -> None:
    """Whoever writes to the database can't approve: the approval is vouched for by the service's key."""
    request = await asked(office, office.dana)
    rows = office.scene.parts.database.state.opening_requests
    (row,) = (each for each in rows.values() if each.id == request)
    forged = row.approve(office.dora.member.id, office.scene.parts.clock.now(), timedelta(days=14))
    for mark in (None, b"", b"x" * 32):
        office.scene.parts.database.state.opening_requests[row.id] = replace(forged, vouched=mark)
        with pytest.raises(ApprovalNeeded):
            await opened(office, office.dana)


async def test_an_opening_that_fails_spends_no_approval(office: Staffed) -> None:
    """While the log can't be written nothing opens; the approval is still good after."""
    await approve_opening(office.scene.vault, office.dora, await asked(office, office.dana))
    office.scene.parts.database.fail_commit_with(LogUnavailable("no disk"))
    with pytest.raises(LogUnavailable):
        await opened(office, office.dana)
    office.scene.parts.database.fail_commit_with(None)
    assert await opened(office, office.dana) == SOUND
