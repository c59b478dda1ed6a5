"""Receipts for what can't end at once: holds, a regime, a mirror that is away."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keys.errors import SlotsUnavailable
from tests.fakes.scene import OPERATOR, Scene, read_all
from vault.domain.event import Action
from vault.domain.hold import LegalHold
from vault.domain.names import CustomerName, RecordingId
from vault.domain.recording import RecordingState
from vault.errors import (
    Conflict,
    LogUnavailable,
)
from vault.usecases.authenticate import Visitor
from vault.usecases.change_customer import change_customer
from vault.usecases.confirm_receipt import ReceiptAnswer, ReceiptState, confirm_receipt
from vault.usecases.finish_shreds import Shreds, finish_shreds
from vault.usecases.open_recording import open_recording
from vault.usecases.recover import recover
from vault.usecases.seal_recording import UploadReceipt

SOUND = b"what was said"


@pytest.fixture
async def sealed(scene: Scene) -> UploadReceipt:
    """Return a recording that waits for acme."""
    return await scene.upload(scene.acme.source, SOUND)


@pytest.fixture
async def visitor(scene: Scene) -> Visitor:
    """Return acme, signed in."""
    return await scene.visitor(scene.acme)


def alive(scene: Scene, sealed: UploadReceipt) -> bool:
    """Say whether any mirror still has the recording's slot."""
    return scene.parts.slots.alive(scene.recording(sealed.recording).slot)


async def confirm(scene: Scene, visitor: Visitor, sealed: UploadReceipt) -> ReceiptAnswer:
    """Prove that the recording is held."""
    return await confirm_receipt(scene.vault, visitor, sealed.recording, sealed.sha256)


def place_hold(scene: Scene, recording: RecordingId) -> LegalHold:
    """Put a recording under a hold."""
    hold = LegalHold(f"hold of {recording}", recording, "case 7", scene.parts.clock.now())
    scene.parts.database.state.holds[hold.id] = hold
    return hold


async def test_a_hold_beats_a_receipt(scene: Scene, visitor: Visitor, sealed: UploadReceipt) -> None:
    """A held recording is received, on record once, and still opens; released, the next receipt ends it."""
    hold = place_hold(scene, sealed.recording)
    for _ in range(3):
        assert await confirm(scene, visitor, sealed) == ReceiptAnswer(ReceiptState.HELD)
    assert alive(scene, sealed)
    assert scene.recording(sealed.recording).state is RecordingState.RETAINED
    (collected,) = await scene.log(Action.RECORDING_COLLECTED)
    assert collected.entry.facts["kept"] == "held"
    assert await read_all(await open_recording(scene.vault, visitor, sealed.recording)) == SOUND

    scene.parts.database.state.holds[hold.id] = replace(hold, released_at=scene.parts.clock.now())
    assert (await confirm(scene, visitor, sealed)).state is ReceiptState.SHREDDED


async def test_a_hold_on_another_recording_keeps_this_one_not(
    scene: Scene, visitor: Visitor, sealed: UploadReceipt
) -> None:
    """A hold keeps what it names, and nothing beside it."""
    other = await scene.upload(scene.acme.source, b"other")
    place_hold(scene, other.recording)

    assert (await confirm(scene, visitor, sealed)).state is ReceiptState.SHREDDED
    assert (await confirm(scene, visitor, other)).state is ReceiptState.HELD


async def test_a_regime_retains(scene: Scene, visitor: Visitor, sealed: UploadReceipt) -> None:
    """A customer that must keep recordings has them retained, whatever its session knew of it before."""
    await change_customer(
        scene.vault,
        CustomerName("acme"),
        by=OPERATOR,
        delete_on_collection=False,
        instructed_by="compliance",
    )

    assert await confirm(scene, visitor, sealed) == ReceiptAnswer(ReceiptState.RETAINED)
    assert alive(scene, sealed)
    assert await read_all(await open_recording(scene.vault, visitor, sealed.recording)) == SOUND


async def test_a_mirror_away_is_pending(scene: Scene, visitor: Visitor, sealed: UploadReceipt) -> None:
    """No certificate while a mirror can't be reached, and nothing opens; once it is back, it is done."""
    scene.parts.slots.away = {1}
    for _ in range(2):
        assert await confirm(scene, visitor, sealed) == ReceiptAnswer(ReceiptState.PENDING)
    with pytest.raises(Conflict):
        await open_recording(scene.vault, visitor, sealed.recording)
    assert await finish_shreds(scene.vault) == Shreds(0, 1, [])
    assert alive(scene, sealed)

    scene.parts.slots.away = set()
    assert await finish_shreds(scene.vault) == Shreds(1, 0, [])

    assert not alive(scene, sealed)
    assert (await confirm(scene, visitor, sealed)).state is ReceiptState.SHREDDED
    (shredded,) = await scene.log(Action.RECORDING_SHREDDED)
    assert shredded.entry.actor == "service"


async def test_slots_that_fail_leave_it_to_recovery(
    scene: Scene, visitor: Visitor, sealed: UploadReceipt
) -> None:
    """When the overwriting itself fails, the recording is shut, and recovery ends it."""
    scene.parts.slots.falls = True
    with pytest.raises(LogUnavailable):  # the log's head lies beside the slots
        await confirm(scene, visitor, sealed)
    with pytest.raises(SlotsUnavailable):
        await confirm(scene, visitor, sealed)
    scene.parts.slots.falls = scene.parts.slots.down = False

    await recover(scene.vault)

    assert scene.recording(sealed.recording).state is RecordingState.SHREDDED
    assert not alive(scene, sealed)
