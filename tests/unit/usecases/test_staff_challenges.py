"""Promises about staff who keep their key: how they prove it, and what is handed to them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keys import challenge
from keys.age import HybridIdentity, open_file, open_header
from keys.errors import NoMatchingIdentity
from keys.identities import unlock
from keys.secret import Secret
from tests.fakes.scene import DPO, VISITOR, Scene
from tests.fakes.staff_there import by_file, by_passphrase, owner, visitor
from vault.domain.event import Action
from vault.domain.guesses import GUESSES_PER_WINDOW
from vault.domain.names import StaffName
from vault.domain.staff import Role
from vault.errors import AccessDenied, Collected, Invalid, KeyElsewhere, TooManyGuesses
from vault.usecases.challenge_staff import LIFETIME, answer_challenge, challenge_staff
from vault.usecases.hand_over_recording import hand_over_recording, locked_group_identities

SOUND = bytes(range(256)) * 600


async def test_an_identity_file_begins_a_session_that_holds_nothing(scene: Scene) -> None:
    """Whoever opens the question is let in; the keys stay where they are."""
    identity = await owner(scene)

    who = await visitor(scene, await by_file(scene, identity))

    assert who.person.member.name == "olga"
    with pytest.raises(KeyElsewhere):
        _ = who.custodian


async def test_a_question_looks_alike_for_everybody(scene: Scene) -> None:
    """Known, unknown and impossible names, and passphrases' owners, get questions of one shape."""
    await owner(scene)

    asked = [await challenge_staff(scene.vault, name) for name in ("olga", DPO, "nobody", "Not A Name")]

    assert len({len(each.sealed) for each in asked}) == 1
    assert len({len(each.ticket) for each in asked}) == 1
    assert len({each.expires_at for each in asked}) == 1
    assert scene.parts.database.state.staff_sessions == {}


async def test_only_the_person_answers_and_only_in_time(scene: Scene) -> None:
    """Another's identity opens no question; a wrong, late, borrowed or changed answer begins no session."""
    identity = await owner(scene)
    await owner(scene, "otto")
    asked = await challenge_staff(scene.vault, "olga")
    answer = challenge.answer(asked.sealed, identity)
    until, mark = asked.ticket.split(".")

    with pytest.raises(NoMatchingIdentity):
        open_file(asked.sealed, [HybridIdentity.generate()])
    for name, ticket, given in (
        ("olga", asked.ticket, Secret(b"guessed")),
        ("otto", asked.ticket, answer),
        (DPO, asked.ticket, answer),
        ("olga", f"{int(until) + 60}.{mark}", answer),
        ("olga", "", answer),
        ("olga", f"{until}.{'0' * 64}", answer),
    ):
        with pytest.raises(AccessDenied):
            await answer_challenge(scene.vault, name, ticket=ticket, answer=given, by=VISITOR)
    scene.parts.clock.moment += LIFETIME
    with pytest.raises(AccessDenied):
        await answer_challenge(scene.vault, "olga", ticket=asked.ticket, answer=answer, by=VISITOR)


async def test_wrong_answers_are_limited_and_lock_nobody_out(scene: Scene) -> None:
    """A full bucket turns wrong answers away, and lets the right one in."""
    identity = await owner(scene)
    asked = await challenge_staff(scene.vault, "olga")
    for _ in range(GUESSES_PER_WINDOW):
        with pytest.raises(AccessDenied):
            await answer_challenge(
                scene.vault, "olga", ticket=asked.ticket, answer=Secret(b"guessed"), by=VISITOR
            )
    with pytest.raises(TooManyGuesses):
        await answer_challenge(
            scene.vault, "olga", ticket=asked.ticket, answer=Secret(b"guessed"), by=VISITOR
        )

    assert (await visitor(scene, await by_file(scene, identity))).person.member.name == "olga"


async def test_a_file_owner_has_no_passphrase(scene: Scene) -> None:
    """No passphrase signs in, not even an empty one, and trying costs what it costs with everybody."""
    await owner(scene)
    for guess in (b"", b"wrong"):
        before = scene.parts.passwords.runs
        with pytest.raises(AccessDenied):
            await by_passphrase(scene, "olga", Secret(guess))
        assert scene.parts.passwords.runs == before + 1


async def test_a_handed_over_recording_opens_on_the_other_side(scene: Scene) -> None:
    """What is answered is an age file; own identity, group's identity and header open it, in this order."""
    identity = await owner(scene)
    receipt = await scene.upload(scene.acme.source, SOUND)
    who = await visitor(scene, await by_file(scene, identity))

    sealed = await hand_over_recording(scene.vault, who.person, receipt.recording[:12], reason="complaint 12")
    file = b"".join([piece async for piece in sealed.age_file()])
    (locked,) = await locked_group_identities(scene.vault, who.person)

    assert len(file) == sealed.file_bytes
    assert open_file(file, [unlock(locked, [identity])]) == SOUND
    (entry,) = await scene.log(Action.RECORDING_OPENED)
    assert entry.entry.actor == f"staff:{who.person.member.id}"
    assert entry.detail is not None
    assert entry.detail["reason"] == "complaint 12"


async def test_nothing_is_handed_over_without_reason_right_or_recording(scene: Scene) -> None:
    """A manager, a tech manager at own calls, no reason, a collected recording: refused, on record."""
    tech = await owner(scene, "tim", Role.TECH_MANAGER)
    manager = await owner(scene, "mia", Role.MANAGER)
    theirs = (await scene.upload(scene.acme.source, SOUND)).recording
    own = (await scene.upload(scene.own, SOUND)).recording
    tim = (await visitor(scene, await by_file(scene, tech, "tim"))).person
    mia = (await visitor(scene, await by_file(scene, manager, "mia"))).person

    with pytest.raises(Invalid):
        await hand_over_recording(scene.vault, tim, theirs, reason=" ")
    for person, recording in ((tim, own), (mia, own), (mia, theirs)):
        with pytest.raises(AccessDenied):
            await hand_over_recording(scene.vault, person, recording, reason="curious")
    await scene.vault.slots.destroy([scene.recording(theirs).slot])
    with pytest.raises(Collected):
        await hand_over_recording(scene.vault, tim, theirs, reason="complaint 12")

    assert await scene.log(Action.RECORDING_OPENED) == []
    assert len(await scene.log(Action.RECORDING_REFUSED)) == 4
    assert list(await locked_group_identities(scene.vault, mia)) == []


async def test_a_tech_manager_can_not_open_the_office_header(scene: Scene) -> None:
    """Even a header that came by a forged role opens for nobody it is not sealed to."""
    tech = await owner(scene, "tim", Role.TECH_MANAGER)
    own = (await scene.upload(scene.own, SOUND)).recording
    tim = (await visitor(scene, await by_file(scene, tech, "tim"))).person
    (locked,) = await locked_group_identities(scene.vault, tim)
    forged = replace(tim, member=replace(tim.member, role=Role.DPO))

    sealed = await hand_over_recording(scene.vault, forged, own, reason="forged")

    with pytest.raises(NoMatchingIdentity):
        open_header(sealed.header, [tech, unlock(locked, [tech])])


async def test_whoever_left_is_out(scene: Scene) -> None:
    """A removed person's session opens nothing, and no new one begins."""
    identity = await owner(scene)
    signed = await by_file(scene, identity)
    staff = scene.parts.database.state.staff
    staff[StaffName("olga")] = staff[StaffName("olga")].remove(scene.parts.clock.now())

    with pytest.raises(AccessDenied):
        await visitor(scene, signed)
    asked = await challenge_staff(scene.vault, "olga")
    with pytest.raises(NoMatchingIdentity):
        open_file(asked.sealed, [identity])
