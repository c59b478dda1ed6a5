"""A recording on its way out stops once it or its reader's session has ended, however slow the reader."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

import pytest

from tests.fakes.scene import OPERATOR, Scene, digest, read_all
from tests.harness.staff import dana
from vault.errors import AccessDenied, Collected, DatabaseUnavailable, VaultError
from vault.usecases.authenticate import Visitor
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.end_session import end_session
from vault.usecases.open_recording import FLOWS_ON, OpenRecording, open_recording
from vault.usecases.reissue_password import reissue_password
from vault.usecases.sign_in import sign_in

SOUND = os.urandom(5 << 20)  # several pieces


@pytest.fixture
async def opened(scene: Scene) -> OpenRecording:
    """A long recording, opened by a session of its customer's."""
    receipt = await scene.upload(scene.acme.source, SOUND)
    return await open_recording(scene.vault, await reader(scene), receipt.recording)


async def reader(scene: Scene) -> Visitor:
    """Return acme by the session that reads."""
    return await scene.visitor(scene.acme)


async def another(scene: Scene) -> Visitor:
    """Sign acme in a second time."""
    password = scene.acme.password.reveal().decode()
    begun = await sign_in(scene.vault, customer="acme", password=password, by=OPERATOR)
    return await scene.visitor(scene.acme, begun.token)


async def collected_elsewhere(scene: Scene, opened: OpenRecording) -> None:
    """Confirm that acme holds it, in another session."""
    await confirm_receipt(scene.vault, await another(scene), opened.recording.id, digest(SOUND))


async def signed_out(scene: Scene, _opened: OpenRecording) -> None:
    """End the session that reads."""
    await end_session(scene.vault, (await reader(scene)).session, by=OPERATOR)


async def password_reissued(scene: Scene, _opened: OpenRecording) -> None:
    """Give the customer a new password, which ends its sessions."""
    dpo = await dana(scene.vault, scene.founding.passphrase)
    await reissue_password(scene.vault, dpo, scene.acme.customer.name)


async def expired(scene: Scene, _opened: OpenRecording) -> None:
    """Let the session's time pass."""
    scene.parts.clock.advance(scene.vault.policy.session_lifetime)


def slowly(scene: Scene, opened: OpenRecording) -> AsyncGenerator[bytes, None]:
    """Read as somebody does who needs seconds for a piece."""

    async def _read() -> AsyncGenerator[bytes, None]:
        async with aclosing(opened.plaintext(0, len(SOUND))) as pieces:
            async for piece in pieces:
                yield piece
                scene.parts.clock.advance(FLOWS_ON)

    return _read()


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (collected_elsewhere, Collected),
        (signed_out, AccessDenied),
        (password_reissued, AccessDenied),
        (expired, AccessDenied),
    ],
)
async def test_what_has_ended_flows_no_further(
    scene: Scene,
    opened: OpenRecording,
    end: Callable[[Scene, OpenRecording], Awaitable[None]],
    told: type[VaultError],
) -> None:
    """Half of it was sent when it ended: the other half never leaves."""
    async with aclosing(slowly(scene, opened)) as pieces:
        first = await anext(pieces)
        await end(scene, opened)
        with pytest.raises(told):
            await anext(pieces)

    assert len(first) < len(SOUND) / 2


async def test_a_slow_reader_gets_all_of_it(scene: Scene, opened: OpenRecording) -> None:
    """While nothing ends the whole recording flows, though it takes its time."""
    assert b"".join([piece async for piece in slowly(scene, opened)]) == SOUND


async def test_a_database_that_is_away_ends_nothing(
    scene: Scene, opened: OpenRecording, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is reading reads on, and is asked again with the next piece."""
    asked = refuse_reads(scene, monkeypatch)

    assert b"".join([piece async for piece in slowly(scene, opened)]) == SOUND
    assert len(asked) > 1


async def test_a_quick_reader_is_not_asked(
    scene: Scene, opened: OpenRecording, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within that time the database is left alone."""
    asked = refuse_reads(scene, monkeypatch)

    assert await read_all(opened) == SOUND
    assert not asked


def refuse_reads(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Let the database be away; return what is asked of it meanwhile."""
    asked: list[object] = []

    async def _refuse(body: object) -> None:
        asked.append(body)
        raise DatabaseUnavailable("away")

    monkeypatch.setattr(scene.parts.database, "read", _refuse)
    return asked
