"""Sessions: recognised by a token that the server does not keep, and ended for good."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from keys.secret import Secret
from tests.fakes.scene import VISITOR, Scene
from vault.domain.event import Action
from vault.domain.names import RecordingId
from vault.errors import AccessDenied, LogUnavailable
from vault.sealing.session import session_id
from vault.usecases.authenticate import authenticate
from vault.usecases.end_session import end_expired_sessions, end_session


async def test_a_token_opens_its_own_session(scene: Scene) -> None:
    """Two customers' tokens lead to two customers, each with its own identity."""
    acme, zenith = await scene.visitor(scene.acme), await scene.visitor(scene.zenith)

    assert acme.customer == scene.acme.customer
    assert acme.actor.id == f"customer:{acme.customer.id}"
    assert acme.actor.address == VISITOR.address
    assert str(acme.identity.recipient) != str(zenith.identity.recipient)


async def test_the_server_keeps_no_token(scene: Scene) -> None:
    """Nothing that lies still holds a session's token."""
    token = scene.acme.session.reveal()
    state = scene.parts.database.state

    assert token.decode() not in repr(state)
    assert all(token not in session.sealed for session in state.sessions.values())


@pytest.mark.parametrize("token", ["", "x", "\ud800", "\udcff" * 43, "a\0b"])
async def test_forged_tokens(scene: Scene, token: str) -> None:
    """What is no token of a session is refused, whatever its bytes."""
    with pytest.raises(AccessDenied):
        await authenticate(scene.vault, token, by=VISITOR)


async def test_a_session_row_is_worth_nothing_elsewhere(scene: Scene) -> None:
    """A row copied to a token of one's own, or another's identity put into it, opens nothing."""
    sessions = scene.parts.database.state.sessions
    mine = Secret(b"my own token")
    victim = sessions[session_id(scene.acme.session)]
    forged = replace(victim, id=session_id(mine))
    sessions[forged.id] = forged
    swapped = replace(sessions[session_id(scene.zenith.session)], slot=victim.slot, sealed=victim.sealed)
    sessions[swapped.id] = swapped

    for token in (mine, scene.zenith.session):
        with pytest.raises(AccessDenied):
            await authenticate(scene.vault, token.reveal().decode(), by=VISITOR)


@pytest.mark.parametrize("change", ["customer", "expires_at", "recordings"])
async def test_a_session_row_can_not_be_stretched(scene: Scene, change: str) -> None:
    """Whoever writes to the database can't turn a session to another customer, later hours or more."""
    sessions = scene.parts.database.state.sessions
    mine = sessions[session_id(scene.acme.session)]
    stretched = {
        "customer": replace(mine, customer=scene.zenith.customer.id),
        "expires_at": replace(mine, expires_at=mine.expires_at + timedelta(days=1)),
        "recordings": replace(mine, recordings=(RecordingId("another"),)),
    }
    sessions[mine.id] = stretched[change]

    with pytest.raises(AccessDenied):
        await scene.visitor(scene.acme)


async def test_a_session_expires(scene: Scene) -> None:
    """At the end of its time a session is refused, before anything cleaned it up."""
    scene.parts.clock.advance(scene.parts.policy.session_lifetime - timedelta(seconds=1))
    await scene.visitor(scene.acme)
    scene.parts.clock.advance(timedelta(seconds=1))

    with pytest.raises(AccessDenied):
        await scene.visitor(scene.acme)


async def test_an_ended_session_is_gone(scene: Scene) -> None:
    """Ending destroys the slot and the row, is logged, and leaves whoever holds the row with nothing."""
    visitor = await scene.visitor(scene.acme)
    await end_session(scene.vault, visitor.session, by=visitor.actor)

    with pytest.raises(AccessDenied):
        await scene.visitor(scene.acme)
    assert not scene.parts.slots.alive(visitor.session.slot)
    assert visitor.session.slot in scene.parts.database.state.slots_destroyed
    assert len(await scene.log(Action.SESSION_ENDED)) == 1


async def test_a_session_ends_on_record_first(scene: Scene) -> None:
    """If the end can't be written, the session's slot stays: it has not ended."""
    visitor = await scene.visitor(scene.acme)
    scene.parts.database.fail_commit_with(LogUnavailable("no disk"))

    with pytest.raises(LogUnavailable):
        await end_session(scene.vault, visitor.session, by=visitor.actor)
    assert scene.parts.slots.alive(visitor.session.slot)


async def test_expired_sessions_are_swept(scene: Scene) -> None:
    """Sessions whose time is over lose their slots; until then none does."""
    slots = [session.slot for session in scene.parts.database.state.sessions.values()]
    assert await end_expired_sessions(scene.vault) == 0
    scene.parts.clock.advance(scene.parts.policy.session_lifetime)

    assert await end_expired_sessions(scene.vault) == 2

    assert not scene.parts.database.state.sessions
    assert not any(scene.parts.slots.alive(slot) for slot in slots)


async def test_a_session_of_nobody(scene: Scene) -> None:
    """A session whose customer is missing is refused."""
    del scene.parts.database.state.customers[scene.acme.customer.id]

    with pytest.raises(AccessDenied):
        await scene.visitor(scene.acme)
