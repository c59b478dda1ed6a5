"""Promises about sessions of staff who work from machines of their own: what one holds, how it ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from keys.secret import Secret
from tests.fakes.keyring import keyring
from tests.fakes.scene import DPO, VISITOR, Scene
from tests.fakes.staff_there import by_passphrase, visitor
from tests.harness.staff import dana
from vault.domain.event import Action
from vault.domain.guesses import GUESSES_PER_WINDOW
from vault.domain.names import StaffName
from vault.domain.staff import Role
from vault.errors import AccessDenied, TooManyGuesses
from vault.usecases.add_staff import add_staff
from vault.usecases.challenge_staff import answer_challenge
from vault.usecases.end_session import end_expired_sessions, end_session, end_sessions
from vault.usecases.open_as_staff import open_as_staff
from vault.usecases.reissue_passphrase import reissue_passphrase
from vault.usecases.sum_up_guesses import count_stopped_guesses, sum_up_guesses

SOUND = bytes(range(256)) * 600


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
    """Neither token nor identity lies anywhere readable; without the slot row and token are noise."""
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
    """Who writes to the database can't make a person's session another's, prolong it, or swap its kind."""
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


async def test_nobody_fills_the_log_from_the_network(scene: Scene) -> None:
    """Wrong passphrases and answers from outside come to one summary for a bucket and window."""
    for _ in range(GUESSES_PER_WINDOW):
        with pytest.raises(AccessDenied):
            await by_passphrase(scene, DPO, Secret(b"wrong"))
    for _ in range(5):
        with pytest.raises(TooManyGuesses):
            await answer_challenge(scene.vault, DPO, ticket="", answer=Secret(b"wrong"), by=VISITOR)
    assert await scene.log(Action.PASSWORD_REFUSED) == []

    scene.parts.clock.moment += timedelta(hours=1, seconds=1)
    await count_stopped_guesses(scene.vault)
    await sum_up_guesses(scene.vault)
    (summary,) = await scene.log(Action.PASSWORD_REFUSED)
    assert summary.entry.facts["wrong"] == GUESSES_PER_WINDOW


async def test_sessions_end(scene: Scene) -> None:
    """By signing out, by time, by use case; the slot is zero then and the token worth nothing."""
    signed = [await by_passphrase(scene) for _ in range(3)]
    slots = [each.slot for each in scene.parts.database.state.staff_sessions.values()]
    assert len(slots) == 3

    first = await visitor(scene, signed[0])
    for _ in range(2):
        await end_session(scene.vault, first.session, by=first.person.actor)
    async with scene.vault.unit_of_work() as work:
        left = await work.staff_sessions.of(first.person.member.id)
        ended = await end_sessions(scene.vault, work, left, scene.parts.clock.now())
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
    assert await end_expired_sessions(scene.vault) == 3  # two customers are signed in as long
    assert await end_expired_sessions(scene.vault) == 0
    assert await scene.vault.slots.read_many([session.slot]) == {}


async def test_a_new_passphrase_ends_sessions(scene: Scene) -> None:
    """Whoever signed in by the old one is out."""
    signed = await by_passphrase(scene)
    who = await visitor(scene, signed)

    await reissue_passphrase(scene.vault, who.custodian)

    assert await scene.vault.slots.read_many([who.session.slot]) == {}
    with pytest.raises(AccessDenied):
        await visitor(scene, signed)
