"""What waits for a second DPO is found by one: whose, what for, why, since when; each look is on record."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.staffed import REASON, Staffed, staffed
from vault.domain.event import SERVICE, Action
from vault.domain.names import RecordingId
from vault.domain.opening_request import APPROVAL_LIFETIME
from vault.errors import LogCorrupt, LogUnavailable
from vault.usecases.approve_grant import approve_grant
from vault.usecases.approve_opening import approve_opening
from vault.usecases.list_grants import list_grants
from vault.usecases.list_requests import list_requests
from vault.usecases.open_as_staff import open_as_staff
from vault.usecases.request_opening import request_opening
from vault.usecases.revoke_grant import revoke_grant
from vault.usecases.shred_by_instruction import shred_by_instruction
from vault.usecases.stated_reasons import stated_reasons


@pytest.fixture
def office() -> Staffed:
    """Return an office whose policy asks for four eyes on everything."""
    return staffed().under_four_eyes()


async def test_requests_are_listed_until_they_are_used(office: Staffed) -> None:
    """Pending and approved ones, the newest first; not what was used, and not an approval of yesterday."""
    vault = office.scene.vault
    first = await request_opening(vault, office.tom, office.theirs, reason=REASON)
    office.scene.parts.clock.advance(timedelta(minutes=1))
    second = await request_opening(vault, office.dana, office.own, reason=REASON, export=True)

    async def _listed() -> list[str]:
        return [each.id for each in await list_requests(vault, by=SERVICE)]

    assert await _listed() == [second.id, first.id]
    own = await list_requests(vault, requested_by=office.tom.member.id, by=SERVICE)
    assert [each.id for each in own] == [first.id]
    assert [each.id for each in await list_requests(vault, limit=1, by=SERVICE)] == [second.id]
    await approve_opening(vault, office.dora, first.id)
    await approve_opening(vault, office.dora, second.id)
    assert await _listed() == [second.id, first.id]
    await open_as_staff(vault, office.tom, office.theirs, reason=REASON)
    assert await _listed() == [second.id]
    office.scene.parts.clock.advance(APPROVAL_LIFETIME)
    assert await _listed() == []
    counts = [each.entry.facts["count"] for each in await office.scene.log(Action.OPENING_LISTED)]
    assert counts == [2, 1, 1, 2, 1, 0]


async def test_what_waited_too_long_waits_no_more(office: Staffed) -> None:
    """A request ends with its days, and is shown no more; each tells when that is."""
    vault, patience = office.scene.vault, office.scene.vault.policy.request_patience
    asked = await request_opening(vault, office.tom, office.theirs, reason=REASON)
    office.scene.parts.clock.advance(patience - timedelta(seconds=1))
    (shown,) = await list_requests(vault, by=SERVICE)
    assert shown.expires_at(patience) == asked.requested_at + patience
    approved = await approve_opening(vault, office.dora, asked.id)
    assert approved.approved_at is not None
    assert approved.expires_at(patience) == approved.approved_at + APPROVAL_LIFETIME

    await request_opening(vault, office.tom, office.theirs, reason=REASON)
    office.scene.parts.clock.advance(patience)
    assert await list_requests(vault, by=SERVICE) == []


async def test_what_opens_no_more_waits_no_more(office: Staffed) -> None:
    """A request of a recording that was destroyed meanwhile is not to be approved, nor shown."""
    vault = office.scene.vault
    await request_opening(vault, office.tom, office.theirs, reason=REASON)
    await shred_by_instruction(vault, office.dana, office.theirs, reason=REASON, instructed_by="acme")

    assert await list_requests(vault, by=SERVICE) == []


async def test_grants_that_wait_are_listed(office: Staffed) -> None:
    """`pending` leaves those that another DPO could approve: neither live, ended nor expired ones."""
    vault = office.scene.vault
    waits, _ = await office.grant()
    approved, _ = await office.grant(to=office.max)
    revoked, _ = await office.grant(office.own)
    await approve_grant(vault, office.dora, approved.id)
    await revoke_grant(vault, revoked.id, by=SERVICE)

    assert [each.id for each in await list_grants(vault, pending=True, by=SERVICE)] == [waits.id]
    office.scene.parts.clock.advance(timedelta(hours=25))
    assert await list_grants(vault, pending=True, by=SERVICE) == []


async def test_reasons_are_those_that_were_stated(office: Staffed) -> None:
    """Each with its own request, whoever else asked for the same; a refused try states nothing."""
    vault = office.scene.vault
    made = {
        (await request_opening(vault, person, recording, reason=reason)).id: (recording, reason)
        for person, recording, reason in (
            (office.tom, office.theirs, "one"), (office.dana, office.theirs, "two"),
            (office.dana, office.own, "three"),
        )
    }  # fmt: skip
    about: dict[str, RecordingId] = {name: recording for name, (recording, _) in made.items()}

    told = await stated_reasons(vault, Action.OPENING_REQUESTED, about)
    assert told == {name: reason for name, (_, reason) in made.items()}
    assert await stated_reasons(vault, Action.GRANT_ISSUED, about) == {}


async def test_nobody_approves_for_another_reason(office: Staffed) -> None:
    """A reason that was changed beside its entry is not shown as the one stated."""
    asked = await request_opening(office.scene.vault, office.tom, office.theirs, reason=REASON)
    about = {str(asked.id): office.theirs}
    assert await stated_reasons(office.scene.vault, Action.OPENING_REQUESTED, about) == {asked.id: REASON}

    entries = office.scene.parts.database.state.entries
    index, stored = next((i, each) for i, each in entries.items() if asked.id in each.record.decode())
    entries[index] = replace(stored, detail={**(stored.detail or {}), "reason": "the customer asked for it"})

    with pytest.raises(LogCorrupt, match=f"beside entry {index} was changed by hand"):
        await stated_reasons(office.scene.vault, Action.OPENING_REQUESTED, about)


async def test_no_log_no_list(office: Staffed) -> None:
    """While the log can't be written nobody is shown what waits."""
    vault = office.scene.vault
    await request_opening(vault, office.tom, office.theirs, reason=REASON)
    office.scene.parts.database.fail_commit_with(LogUnavailable("no disk"))
    with pytest.raises(LogUnavailable):
        await list_requests(vault, by=SERVICE)
