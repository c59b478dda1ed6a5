"""A grant opens one recording for one person with its password; whatever else is tried is refused."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from keys.errors import SlotMismatch
from keys.secret import Secret
from tests.fakes.staffed import REASON, SOUND, Staffed, living_grants, staffed, why_refused
from vault.domain.event import SERVICE, Action
from vault.domain.guesses import GUESSES_PER_WINDOW, WINDOW
from vault.domain.names import RecordingId, StaffName
from vault.errors import (
    AccessDenied,
    Conflict,
    Invalid,
    LogUnavailable,
    NotFound,
    Overloaded,
    TooManyGuesses,
)
from vault.usecases.issue_grant import issue_grant
from vault.usecases.list_grants import list_grants
from vault.usecases.verify_log import verify_log

WRONG = Secret(b"not-this-one")


@pytest.fixture
def office() -> Staffed:
    """Return an office of this test's own."""
    made = staffed()
    return made.over(made.scene.copy())


async def test_a_use_is_on_record_before_a_byte(office: Staffed) -> None:
    """Issue and use name grant, person and recording; reasons and names lie in the detail rows."""
    grant, password = await office.grant()
    assert await office.use(password) == SOUND

    (issued,) = await office.scene.log(Action.GRANT_ISSUED)
    (used,) = await office.scene.log(Action.GRANT_USED)
    (opened,) = await office.scene.log(Action.RECORDING_OPENED)
    customer = office.scene.acme.customer.id
    assert issued.entry.facts["manager"] == office.mia.member.id
    assert issued.detail == {"name": "dana", "manager": "mia", "reason": REASON}
    assert used.entry.facts == {
        "role": "manager", "grant": grant.id, "customer": customer, "use": 1, "uses": 1,
    }  # fmt: skip
    assert (opened.entry.actor, opened.entry.recording) == (office.mia.actor.id, office.theirs)
    assert opened.entry.facts == {"role": "manager", "grant": grant.id, "customer": customer}
    assert opened.detail == {"name": "mia", "reason": REASON}
    assert (await verify_log(office.scene.vault)).findings == []


async def test_the_last_use_is_made_once(office: Staffed) -> None:
    """Of several at once, who all have password and key, as many see it as there are uses."""
    _, password = await office.grant(uses=2)

    ended = await asyncio.gather(*(office.use(password) for _ in range(5)), return_exceptions=True)

    assert ended.count(SOUND) == 2
    assert [type(each) for each in ended if each != SOUND] == [AccessDenied] * 3
    assert len(await office.scene.log(Action.RECORDING_OPENED)) == 2


async def test_both_are_needed(office: Staffed) -> None:
    """Wrong password, wrong person, wrong recording: refused with the same words, each logged with why."""
    _, password = await office.grant()
    tries = [
        (WRONG, office.theirs, office.mia),
        (password, office.theirs, office.max),
        (password, office.theirs, office.tom),
        (password, office.own, office.mia),
        (password, office.theirs, office.dana),
    ]
    told = set()
    for given, recording, person in tries:
        with pytest.raises(AccessDenied) as refused:
            await office.use(given, recording, by=person)
        told.add(str(refused.value).replace(person.member.name, "NAME"))

    assert len(told) == 1
    assert await why_refused(office) == ["grant_password"] + ["no_grant"] * 4
    assert office.scene.parts.passwords.runs == len(tries), "each costs one Argon2"
    assert await office.use(password) == SOUND


async def test_a_row_that_was_changed_opens_nothing(office: Staffed) -> None:
    """Whoever writes to the database can't give a grant to another, for longer, or more often."""
    grant, password = await office.grant()
    for changed in (
        replace(grant, manager=office.max.member.id),
        replace(grant, uses=9),
        replace(grant, expires_at=grant.expires_at + timedelta(days=9)),
        replace(grant, recording=office.own),
    ):
        office.scene.parts.database.state.grants[grant.id] = changed
        person = office.max if changed.manager != grant.manager else office.mia
        with pytest.raises(SlotMismatch):
            await office.use(password, changed.recording, by=person)
    assert not await office.scene.log(Action.RECORDING_OPENED)


async def test_guesses_are_limited(office: Staffed) -> None:
    """Ten wrong passwords an hour reach Argon2; another's grant is not held up; the right one comes often."""
    _, password = await office.grant(uses=20)
    _, other = await office.grant(to=office.max)
    for _ in range(GUESSES_PER_WINDOW + 2):
        await office.use(password)
    before = office.scene.parts.passwords.runs
    for _ in range(GUESSES_PER_WINDOW):
        with pytest.raises(AccessDenied):
            await office.use(WRONG)
    for given in (WRONG, password):
        with pytest.raises(TooManyGuesses):
            await office.use(given)

    assert office.scene.parts.passwords.runs == before + GUESSES_PER_WINDOW
    assert await office.use(other, by=office.max) == SOUND
    office.scene.parts.clock.advance(WINDOW)
    assert await office.use(password) == SOUND
    (summary,) = [
        each for each in await office.scene.log(Action.PASSWORD_REFUSED) if "bucket" in each.entry.facts
    ]
    assert summary.entry.facts["wrong"] == GUESSES_PER_WINDOW


async def test_a_full_lane_costs_no_guess(office: Staffed) -> None:
    """Who is sent away unheard has not guessed."""
    _, password = await office.grant()
    office.scene.parts.passwords.full = True
    for _ in range(GUESSES_PER_WINDOW + 1):
        with pytest.raises(Overloaded):
            await office.use(password)
    office.scene.parts.passwords.full = False
    assert await office.use(password) == SOUND


async def test_no_log_no_use(office: Staffed) -> None:
    """While the log can't be written nothing opens, and no use is lost."""
    _, password = await office.grant()
    office.scene.parts.database.fail_commit_with(LogUnavailable("no disk"))
    with pytest.raises(LogUnavailable):
        await office.use(password)
    office.scene.parts.database.fail_commit_with(None)
    assert await office.use(password) == SOUND


async def test_who_issues_and_to_whom(office: Staffed) -> None:
    """A DPO alone issues, to managers and tech managers who are there, within bounds."""
    scene, day = office.scene, timedelta(days=1)
    for person in (office.tom, office.mia):
        with pytest.raises(AccessDenied):
            await issue_grant(scene.vault, person, office.theirs, StaffName("mia"), reason=REASON)
    bad = [
        ("nobody", REASON, day, 1, NotFound), ("dora", REASON, day, 1, Invalid),
        ("mia", " ", day, 1, Invalid), ("mia", REASON, timedelta(0), 1, Invalid),
        ("mia", REASON, 31 * day, 1, Invalid), ("mia", REASON, day, 0, Invalid),
        ("mia", REASON, day, 101, Invalid),
    ]  # fmt: skip
    for name, reason, lifetime, uses, error in bad:
        with pytest.raises(error):
            await issue_grant(
                scene.vault, office.dana, office.theirs, StaffName(name),
                reason=reason, lifetime=lifetime, uses=uses,
            )  # fmt: skip
    with pytest.raises(NotFound):
        await office.grant(RecordingId("zzzz"))

    assert not await scene.log(Action.GRANT_ISSUED)
    assert living_grants(office) == []
    assert (await why_refused(office))[:2] == ["access_denied"] * 2


async def test_one_grant_at_a_time(office: Staffed) -> None:
    """A second grant of the same recording to the same person needs the first one's end."""
    await office.grant(lifetime=timedelta(hours=1))
    with pytest.raises(Conflict):
        await office.grant()
    await office.grant(to=office.max)
    office.scene.parts.clock.advance(timedelta(hours=1))
    _, password = await office.grant()
    assert await office.use(password) == SOUND


async def test_a_tech_manager_is_granted_the_companys_own(office: Staffed) -> None:
    """What a tech manager's key does not open, a grant does."""
    _, password = await office.grant(office.own, office.tom)
    assert await office.use(password, office.own, by=office.tom) == SOUND


async def test_listings_are_on_record(office: Staffed) -> None:
    """By recording, person, and what still lives; each listing leaves an entry."""
    vault = office.scene.vault
    first, _ = await office.grant(lifetime=timedelta(hours=1))
    second, _ = await office.grant(to=office.max)
    third, _ = await office.grant(office.own)
    office.scene.parts.clock.advance(timedelta(hours=1))

    assert {each.id for each in await list_grants(vault, by=SERVICE)} == {first.id, second.id, third.id}
    assert {each.id for each in await list_grants(vault, live=True, by=SERVICE)} == {second.id, third.id}
    of_recording = await list_grants(vault, recording=office.theirs[:12], by=SERVICE)
    assert {each.id for each in of_recording} == {first.id, second.id}
    of_mia = await list_grants(vault, manager=StaffName("mia"), live=True, by=SERVICE)
    assert [each.id for each in of_mia] == [third.id]
    with pytest.raises(NotFound):
        await list_grants(vault, manager=StaffName("nobody"), by=SERVICE)
    counts = [each.entry.facts["count"] for each in await office.scene.log(Action.GRANT_LISTED)]
    assert counts == [3, 2, 2, 1]
