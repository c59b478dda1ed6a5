"""Promises about staff who work from machines of their own: how a session begins, what it holds, how it ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from keys import challenge
from keys.age import HybridIdentity, open_file, open_header
from keys.errors import NoMatchingIdentity
from keys.identities import unlock
from keys.secret import Secret
from tests.fakes.keyring import keyring
from tests.fakes.scene import DPO, VISITOR, Scene
from tests.harness.staff import dana
from vault.domain.event import Action
from vault.domain.guesses import GUESSES_PER_WINDOW
from vault.domain.names import StaffName
from vault.domain.staff import Role
from vault.errors import AccessDenied, Collected, Invalid, KeyElsewhere, TooManyGuesses
from vault.usecases.add_staff import add_staff
from vault.usecases.authenticate_staff import StaffVisitor, authenticate_staff
from vault.usecases.challenge_staff import LIFETIME, answer_challenge, challenge_staff
from vault.usecases.end_staff_session import end_expired_staff_sessions, end_staff_session, end_staff_sessions
from vault.usecases.hand_over_recording import hand_over_recording, locked_group_identities
from vault.usecases.open_as_staff import open_as_staff
from vault.usecases.reissue_passphrase import reissue_passphrase
from vault.usecases.sign_in import SignedIn
from vault.usecases.sign_in_staff import sign_in_staff

SOUND = bytes(range(256)) * 600


async def owner(scene: Scene, name: str = "olga", role: Role = Role.DPO) -> HybridIdentity:
    """Add a person who keeps an identity file; return it."""
    identity = HybridIdentity.generate()
    boss = await dana(scene.vault, scene.founding.passphrase)
    await add_staff(scene.vault, boss, StaffName(name), role, recipient=identity.recipient)
    return identity


async def by_passphrase(scene: Scene, name: str = DPO, passphrase: Secret | None = None) -> SignedIn:
    """Sign in by the first DPO's passphrase."""
    return await sign_in_staff(scene.vault, name, passphrase or scene.founding.passphrase, by=VISITOR)


async def by_file(scene: Scene, identity: HybridIdentity, name: str = "olga") -> SignedIn:
    """Sign in by an identity file, as a client does."""
    asked = await challenge_staff(scene.vault, name)
    answer = challenge.answer(asked.sealed, identity)
    return await answer_challenge(scene.vault, name, ticket=asked.ticket, answer=answer, by=VISITOR)


async def visitor(scene: Scene, signed: SignedIn) -> StaffVisitor:
    """Return who holds the token."""
    return await authenticate_staff(scene.vault, signed.token.reveal().decode(), by=VISITOR)


async def test_a_passphrase_begins_a_session_that_opens(scene: Scene) -> None:
    """The session holds the person's identity, so a DPO opens; the log says who, how and from where."""
    receipt = await scene.upload(scene.own, SOUND)
    who = await visitor(scene, await by_passphrase(scene))

    opened = await open_as_staff(scene.vault, who.custodian, receipt.recording, reason="complaint 12")

    assert b"".join([piece async for piece in opened.plaintext(0, len(SOUND))]) == SOUND
    (accepted,) = [each for each in await scene.log(Action.PASSWORD_ACCEPTED) if "staff" in each.entry.facts]
    assert accepted.entry.actor == f"staff:{who.person.member.id}"
    assert accepted.entry.facts["proof"] == "passphrase"
    assert accepted.detail is not None
    assert (accepted.detail["name"], accepted.detail["address"]) == (DPO, VISITOR.address)


async def test_what_a_session_leaves_opens_nothing(scene: Scene) -> None:
    """Neither token nor identity lies anywhere readable, and without the slot the row and the token are noise."""
    signed = await by_passphrase(scene)
    (session,) = scene.parts.database.state.staff_sessions.values()
    ring = await keyring(scene)

    for secret in (signed.token, ring.dana.encode(), ring.office.encode()):
        assert secret.reveal() not in session.sealed
        assert secret.reveal() not in repr(session).encode()
    await scene.vault.slots.destroy([session.slot])
    with pytest.raises(AccessDenied):
        await visitor(scene, signed)


async def test_a_row_that_somebody_else_writes_is_no_session(scene: Scene) -> None:
    """Whoever can write to the database can't make a person's session another's, hold it open, or swap its kind."""
    tom = await add_staff(
        scene.vault, await dana(scene.vault, scene.founding.passphrase), StaffName("tom"), Role.MANAGER
    )
    signed = await by_passphrase(scene, "tom", tom[1])
    sessions = scene.parts.database.state.staff_sessions
    (session,) = sessions.values()
    boss = scene.parts.database.state.staff[DPO]
    forgeries = (
        {"staff": boss.id},
        {"expires_at": session.expires_at + timedelta(days=1)},
        {"proof": "identity"},
        {"sealed": b""},
    )
    for forged in forgeries:
        sessions[session.id] = replace(session, **forged)
        with pytest.raises(AccessDenied):
            await visitor(scene, signed)
    sessions[session.id] = session
    assert (await visitor(scene, signed)).person.member.name == "tom"


async def test_wrong_passphrases_are_limited_before_argon2(scene: Scene) -> None:
    """Ten an hour from a network reach Argon2, for a name that is known and for one that is not."""
    for name in (DPO, "nobody", "Not A Name"):
        before = scene.parts.passwords.runs
        for _ in range(GUESSES_PER_WINDOW):
            with pytest.raises(AccessDenied):
                await by_passphrase(scene, name, Secret(b"wrong"))
        with pytest.raises(TooManyGuesses):
            await by_passphrase(scene, name)
        assert scene.parts.passwords.runs - before == GUESSES_PER_WINDOW


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
    """A manager, a tech manager at the company's own calls, no reason, a collected recording: refused, on record."""
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


async def test_sessions_end(scene: Scene) -> None:
    """By signing out, by time, by use case; the slot is zero then and the token worth nothing."""
    signed = [await by_passphrase(scene) for _ in range(3)]
    slots = [each.slot for each in scene.parts.database.state.staff_sessions.values()]
    assert len(slots) == 3

    first = await visitor(scene, signed[0])
    for _ in range(2):
        await end_staff_session(scene.vault, first.session, by=first.person.actor)
    async with scene.vault.unit_of_work() as work:
        ended = await end_staff_sessions(work, scene.vault, first.person.member.id)
        await work.commit()
    await scene.vault.slots.destroy(ended)

    for each in signed:
        with pytest.raises(AccessDenied):
            await visitor(scene, each)
    assert await scene.vault.slots.read_many(slots) == {}
    assert len(await scene.log(Action.SESSION_ENDED)) == 1


async def test_sessions_end_with_their_time(scene: Scene) -> None:
    """An expired session is refused at once and its slot destroyed by the next housekeeping."""
    signed = await by_passphrase(scene)
    (session,) = scene.parts.database.state.staff_sessions.values()
    scene.parts.clock.moment = signed.expires_at

    with pytest.raises(AccessDenied):
        await visitor(scene, signed)
    assert await end_expired_staff_sessions(scene.vault) == 1
    assert await end_expired_staff_sessions(scene.vault) == 0
    assert await scene.vault.slots.read_many([session.slot]) == {}


async def test_a_new_passphrase_ends_sessions(scene: Scene) -> None:
    """Whoever signed in by the old one is out."""
    signed = await by_passphrase(scene)
    who = await visitor(scene, signed)

    await reissue_passphrase(scene.vault, who.custodian)

    with pytest.raises(AccessDenied):
        await visitor(scene, signed)


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
