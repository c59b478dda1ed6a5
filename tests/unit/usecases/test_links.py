"""Links: addresses that say who collects, for a while."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from keys.errors import SlotDestroyed
from keys.secret import Secret
from tests.fakes.scene import OPERATOR, VISITOR, Known, Scene
from vault.domain.event import Action
from vault.domain.names import CustomerName, LinkId, RecordingId
from vault.errors import AccessDenied, Ambiguous, Closed, Collected, Invalid, NotFound
from vault.sealing.terms import terms_fact
from vault.usecases.authenticate import Visitor
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.create_link import create_link, revoke_link
from vault.usecases.list_waiting import list_waiting
from vault.usecases.open_recording import describe_recording, open_recording
from vault.usecases.sign_in import sign_in

ACME = CustomerName("acme")


async def by_link(scene: Scene, token: Secret, known: Known) -> Visitor:
    """Sign a customer in by a link."""
    signed_in = await sign_in(
        scene.vault, link=token.reveal().decode(), password=known.password.reveal().decode(), by=VISITOR
    )
    return await scene.visitor(known, signed_in.token)


async def test_a_link_with_the_password_opens_what_waits(scene: Scene) -> None:
    """A link without recordings leads to whatever waits; its token is kept nowhere."""
    receipt = await scene.upload(scene.acme.source, b"sound")
    link, token = await create_link(scene.vault, ACME, by=OPERATOR)

    visitor = await by_link(scene, token, scene.acme)

    assert [each.recording.id for each in await list_waiting(scene.vault, visitor)] == [receipt.recording]
    assert token.reveal().decode() not in repr(scene.parts.database.state)
    assert len(token) >= 22  # 128 bits in base64
    (event,) = await scene.log(Action.LINK_CREATED)
    assert event.entry.facts == {
        "customer": scene.acme.customer.id,
        "link": link.id,
        **terms_fact(scene.vault.keys, link),
    }


async def test_a_link_narrows_its_session(scene: Scene) -> None:
    """A session of a link to one recording sees, opens and confirms no other of the same customer."""
    wanted = await scene.upload(scene.acme.source, b"wanted")
    other = await scene.upload(scene.acme.source, b"other")
    _, token = await create_link(
        scene.vault, ACME, by=OPERATOR, recordings=[wanted.recording, wanted.recording[:12]]
    )

    visitor = await by_link(scene, token, scene.acme)

    assert [each.recording.id for each in await list_waiting(scene.vault, visitor)] == [wanted.recording]
    await open_recording(scene.vault, visitor, wanted.recording)
    for attempt in (
        open_recording(scene.vault, visitor, other.recording),
        describe_recording(scene.vault, visitor, other.recording),
        confirm_receipt(scene.vault, visitor, other.recording, other.sha256),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_a_link_is_no_password(scene: Scene) -> None:
    """A link with another customer's password, or a wrong one, opens nothing."""
    _, token = await create_link(scene.vault, ACME, by=OPERATOR)

    for password in (scene.zenith.password.reveal().decode(), "wrong", ""):
        with pytest.raises(AccessDenied):
            await sign_in(scene.vault, link=token.reveal().decode(), password=password, by=VISITOR)


async def test_dead_links_cost_nothing(scene: Scene) -> None:
    """An unknown, expired or revoked link is refused before Argon2 is paid for."""
    revoked, revoked_token = await create_link(scene.vault, ACME, by=OPERATOR)
    _, expired_token = await create_link(scene.vault, ACME, by=OPERATOR, lifetime=timedelta(hours=1))
    await revoke_link(scene.vault, revoked.id[:10], by=OPERATOR)
    scene.parts.clock.advance(timedelta(hours=1))

    for token in (revoked_token, expired_token, Secret(b"unknown"), Secret(b"")):
        with pytest.raises(AccessDenied):
            await by_link(scene, token, scene.acme)
    assert scene.parts.passwords.runs == 0


async def test_links_lead_to_the_customers_own_only(scene: Scene) -> None:
    """A link can't be made for another's recording, an unknown one, or one that is gone."""
    foreign = await scene.upload(scene.zenith.source, b"foreign")
    gone = await scene.upload(scene.acme.source, b"gone")
    visitor = await scene.visitor(scene.acme)
    await confirm_receipt(scene.vault, visitor, gone.recording, gone.sha256)

    cases = [(foreign.recording, NotFound), (RecordingId("zzz"), NotFound), (gone.recording, Collected)]
    for recording, error in cases:
        with pytest.raises(error):
            await create_link(scene.vault, ACME, by=OPERATOR, recordings=[recording])
    with pytest.raises(Ambiguous):
        await create_link(scene.vault, ACME, by=OPERATOR, recordings=[""])


@pytest.mark.parametrize("lifetime", [timedelta(0), timedelta(seconds=-1), timedelta(days=367)])
async def test_lifetimes_have_bounds(scene: Scene, lifetime: timedelta) -> None:
    """A link lives for more than nothing, and not for ever."""
    with pytest.raises(Invalid):
        await create_link(scene.vault, ACME, by=OPERATOR, lifetime=lifetime)


async def test_a_link_is_revoked_once(scene: Scene) -> None:
    """Revoking again says that it was done; an unknown id is not found."""
    link, _ = await create_link(scene.vault, ACME, by=OPERATOR)
    await revoke_link(scene.vault, link.id, by=OPERATOR)

    with pytest.raises(Closed):
        await revoke_link(scene.vault, link.id, by=OPERATOR)
    with pytest.raises(NotFound):
        await revoke_link(scene.vault, "zzzz", by=OPERATOR)
    assert len(await scene.log(Action.LINK_REVOKED)) == 1


async def test_a_revoked_link_takes_its_sessions_along(scene: Scene) -> None:
    """Whoever came by it is out at once, its slot destroyed; other links and names stay signed in."""
    link, token = await create_link(scene.vault, ACME, by=OPERATOR)
    other, other_token = await create_link(scene.vault, ACME, by=OPERATOR)
    ended, kept = await by_link(scene, token, scene.acme), await by_link(scene, other_token, scene.acme)
    slot = ended.session.slot

    await revoke_link(scene.vault, link.id, by=OPERATOR)

    async with scene.vault.reading() as rows:
        assert await rows.sessions.get(ended.session.id) is None
        assert await rows.sessions.of_link(other.id) == [kept.session]
    with pytest.raises(SlotDestroyed):
        await scene.vault.slots.read(slot)
    assert (await scene.visitor(scene.acme)).customer == scene.acme.customer
    assert (await scene.log(Action.LINK_REVOKED))[0].entry.facts["sessions_ended"] == 1


async def test_a_session_is_bound_to_its_link(scene: Scene) -> None:
    """Who writes another link, or none, into a session's row can't save it from the revocation."""
    link, token = await create_link(scene.vault, ACME, by=OPERATOR)
    signed_in = await sign_in(
        scene.vault, link=token.reveal().decode(), password=scene.acme.password.reveal().decode(), by=VISITOR
    )
    session = (await scene.visitor(scene.acme, signed_in.token)).session
    for changed in (None, LinkId("another")):
        scene.parts.database.state.sessions[session.id] = replace(session, link=changed)
        with pytest.raises(AccessDenied):
            await scene.visitor(scene.acme, signed_in.token)
    assert session.link == link.id
