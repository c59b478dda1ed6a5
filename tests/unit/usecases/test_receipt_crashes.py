"""Power cuts at every step of a destruction: finished at the next start, or never begun."""

from __future__ import annotations

from contextlib import suppress

import pytest

from tests.fakes.power import PowerCut
from tests.fakes.scene import Scene
from vault.domain.event import Action
from vault.domain.recording import RecordingState
from vault.usecases.confirm_receipt import ReceiptState, confirm_receipt
from vault.usecases.open_recording import open_recording
from vault.usecases.recover import recover
from vault.usecases.verify_log import verify_log

STEPS = [
    "before commit",
    "after commit",
    "before slots.destroy",
    "after slots.destroy",
    "before commit",
    "after commit",
]


async def test_the_order_of_a_destruction(scene: Scene) -> None:
    """On record as collected, then the slot, then on record as shredded: these steps and no other."""
    sealed = await scene.upload(scene.acme.source, b"sound")
    scene.parts.power.restore()
    await confirm_receipt(scene.vault, await scene.visitor(scene.acme), sealed.recording, sealed.sha256)

    assert scene.parts.power.steps == STEPS


@pytest.mark.parametrize("step", range(len(STEPS)))
@pytest.mark.parametrize("second_step", [None, 0, 1, 2, 3])
async def test_a_cut_is_finished_at_start(scene: Scene, step: int, second_step: int | None) -> None:
    """Cut at any step, and cut again in the recovery: what was collected is gone, what was not is whole."""
    sealed = await scene.upload(scene.acme.source, b"sound")
    visitor = await scene.visitor(scene.acme)
    scene.parts.power.restore()
    scene.parts.power.cut_at = step
    with pytest.raises(PowerCut):
        await confirm_receipt(scene.vault, visitor, sealed.recording, sealed.sha256)

    on_record = scene.recording(sealed.recording).state is not RecordingState.WAITING
    assert on_record == (step >= 1)
    assert on_record or scene.parts.slots.alive(scene.recording(sealed.recording).slot)
    if second_step is not None:
        scene = await cut_in_recovery(scene, second_step)
    scene = scene.restarted()
    await recover(scene.vault)

    recording = scene.recording(sealed.recording)
    assert (recording.state is RecordingState.SHREDDED) == on_record
    assert scene.parts.slots.alive(recording.slot) != on_record
    if not on_record:
        await open_recording(scene.vault, await scene.visitor(scene.acme), sealed.recording)
    answer = await confirm_receipt(
        scene.vault, await scene.visitor(scene.acme), sealed.recording, sealed.sha256
    )
    assert answer.state is ReceiptState.SHREDDED
    assert len(await scene.log(Action.RECORDING_COLLECTED)) == 1
    assert len(await scene.log(Action.RECORDING_SHREDDED)) == 1
    assert (await verify_log(scene.vault)).findings == []


async def cut_in_recovery(scene: Scene, step: int) -> Scene:
    """Start again and cut the power once more, unless recovery is done before that step."""
    again = scene.restarted()
    again.parts.power.cut_at = step
    with suppress(PowerCut):
        await recover(again.vault)
    return again
