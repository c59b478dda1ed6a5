"""The end by instruction: a DPO's, with a reason and the controller's word, beaten by a hold alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.scene import OPERATOR, Scene
from tests.harness.staff import custodian, dana
from vault.audit.certificate import DestructionCertificate
from vault.domain.event import Action
from vault.domain.names import CustomerName
from vault.domain.recording import RecordingState
from vault.domain.staff import Role
from vault.errors import AccessDenied, Collected, HoldInForce, Invalid, LogUnavailable
from vault.usecases.change_customer import change_customer
from vault.usecases.confirm_receipt import ReceiptState, confirm_receipt
from vault.usecases.place_hold import place_hold
from vault.usecases.recover import recover
from vault.usecases.release_hold import release_hold
from vault.usecases.seal_recording import UploadReceipt
from vault.usecases.shred_by_instruction import Instructed, shred_by_instruction
from vault.usecases.unlock_staff import Custodian
from vault.usecases.verify_log import verify_log

REASON, WHO = "erasure request 4", "J. Smith of acme, letter of 3 May"


@pytest.fixture
async def dpo(scene: Scene) -> Custodian:
    """Return Dana, unlocked."""
    return await dana(scene.vault, scene.founding.passphrase)


@pytest.fixture
async def sealed(scene: Scene) -> UploadReceipt:
    """Return a recording that waits for acme."""
    return await scene.upload(scene.acme.source, b"sound")


async def shred(scene: Scene, by: Custodian, sealed: UploadReceipt, who: str | None = WHO) -> Instructed:
    """End it for a reason."""
    return await shred_by_instruction(scene.vault, by, sealed.recording, reason=REASON, instructed_by=who)


async def refusals(scene: Scene) -> list[object]:
    """Return why shredding was refused, oldest first."""
    return [each.entry.facts["why"] for each in await scene.log(Action.RECORDING_REFUSED)]


async def test_it_ends_with_a_certificate(scene: Scene, dpo: Custodian, sealed: UploadReceipt) -> None:
    """The instruction is on record before the destruction; names lie in the detail row; all verifies."""
    ended = await shred(scene, dpo, sealed)

    assert ended.certificate is not None
    certificate = DestructionCertificate.verify(ended.certificate.encode(), scene.vault.keys.verifier)
    assert certificate.recording == sealed.recording
    recording = scene.recording(sealed.recording)
    assert recording.state is RecordingState.SHREDDED
    assert recording.received_at is None, "the customer never had it"
    assert not scene.parts.slots.alive(recording.slot)
    (instructed,), (shredded,) = [
        await scene.log(each) for each in (Action.SHRED_INSTRUCTED, Action.RECORDING_SHREDDED)
    ]
    assert instructed.entry.index < shredded.entry.index
    assert instructed.entry.facts == {"role": "dpo", "customer": scene.acme.customer.id}
    assert instructed.detail == {"name": "dana", "reason": REASON, "instructed_by": WHO}
    assert (await verify_log(scene.vault)).findings == []


async def test_a_hold_wins_on_record(scene: Scene, dpo: Custodian, sealed: UploadReceipt) -> None:
    """Held, it stays and opens; let go, it ends."""
    await place_hold(scene.vault, dpo, [sealed.recording], case="7")
    with pytest.raises(HoldInForce):
        await shred(scene, dpo, sealed)
    assert scene.parts.slots.alive(scene.recording(sealed.recording).slot)
    assert await refusals(scene) == ["hold_in_force"]
    assert not await scene.log(Action.SHRED_INSTRUCTED)

    await release_hold(scene.vault, dpo, "7")
    assert (await shred(scene, dpo, sealed)).certificate


async def test_an_instruction_beats_the_regime(scene: Scene, dpo: Custodian, sealed: UploadReceipt) -> None:
    """What the customer's own instruction keeps, its later instruction ends."""
    await change_customer(
        scene.vault, CustomerName("acme"), delete_on_collection=False, instructed_by="J.", by=OPERATOR
    )
    visitor = await scene.visitor(scene.acme)
    kept = await confirm_receipt(scene.vault, visitor, sealed.recording, sealed.sha256)
    assert kept.state is ReceiptState.RETAINED

    assert (await shred(scene, dpo, sealed)).certificate


async def test_whose_word_is_needed(scene: Scene, dpo: Custodian, sealed: UploadReceipt) -> None:
    """A customer's recording needs the customer's word; the company's own needs a DPO's reason alone."""
    for nobody in (None, "", " "):
        with pytest.raises(Invalid):
            await shred(scene, dpo, sealed, nobody)
    assert scene.recording(sealed.recording).state is RecordingState.WAITING

    own = await scene.upload(scene.own, b"own")
    assert (await shred(scene, dpo, own, None)).certificate
    (instructed,) = await scene.log(Action.SHRED_INSTRUCTED)
    assert instructed.entry.facts == {"role": "dpo", "own": True}


async def test_a_dpo_alone_may(scene: Scene, dpo: Custodian, sealed: UploadReceipt) -> None:
    """A tech manager and a manager are refused, on record, and nothing ends."""
    for role in (Role.TECH_MANAGER, Role.MANAGER):
        person = await custodian(scene.vault, dpo, f"a-{role}", role)
        with pytest.raises(AccessDenied):
            await shred(scene, person, sealed)

    assert await refusals(scene) == ["access_denied"] * 2
    assert scene.recording(sealed.recording).state is RecordingState.WAITING


async def test_it_ends_once(scene: Scene, dpo: Custodian, sealed: UploadReceipt) -> None:
    """The second instruction, or one after collection, is told that it is gone already."""
    await shred(scene, dpo, sealed)
    with pytest.raises(Collected):
        await shred(scene, dpo, sealed)
    assert len(await scene.log(Action.RECORDING_SHREDDED)) == 1
    assert await refusals(scene) == ["collected"]


async def test_no_log_no_end(scene: Scene, dpo: Custodian, sealed: UploadReceipt) -> None:
    """While the instruction can't be put on record the slot stays as it is."""
    scene.parts.database.fail_commit_with(LogUnavailable("no disk"))
    with pytest.raises(LogUnavailable):
        await shred(scene, dpo, sealed)
    scene.parts.database.fail_commit_with(None)

    assert scene.parts.slots.alive(scene.recording(sealed.recording).slot)


async def test_a_mirror_away_leaves_it_pending(scene: Scene, dpo: Custodian, sealed: UploadReceipt) -> None:
    """No certificate until every mirror is reached; nothing opens it meanwhile, and `verify` knows it."""
    scene.parts.slots.away = {1}
    assert (await shred(scene, dpo, sealed)).certificate is None
    state = scene.parts.database.state
    collected = state.recordings[sealed.recording]
    assert collected.state is RecordingState.COLLECTED
    state.recordings[sealed.recording] = replace(collected, state=RecordingState.WAITING)
    assert len((await verify_log(scene.vault)).findings) == 1
    state.recordings[sealed.recording] = collected

    scene.parts.slots.away = set()
    await recover(scene.vault)

    assert scene.recording(sealed.recording).state is RecordingState.SHREDDED
