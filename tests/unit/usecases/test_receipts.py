"""Receipts: a proof ends the recording at once; anything less ends nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from keys.signing import NoteVerifier
from tests.fakes.scene import VISITOR, Scene, digest, read_all
from vault.audit.certificate import DestructionCertificate
from vault.domain.event import SERVICE, Action, Outcome
from vault.domain.names import RecordingId
from vault.domain.recording import RecordingState
from vault.errors import (
    Conflict,
    DigestMismatch,
    LogCorrupt,
    LogUnavailable,
    NotFound,
    ProofInvalid,
)
from vault.usecases.authenticate import Visitor
from vault.usecases.confirm_receipt import ReceiptAnswer, ReceiptState, confirm_receipt
from vault.usecases.open_recording import open_recording
from vault.usecases.seal_recording import UploadReceipt
from vault.usecases.shred import certificate_of, finish_shred
from vault.usecases.sign_in import sign_in

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


async def test_a_proof_destroys_at_once(scene: Scene, visitor: Visitor, sealed: UploadReceipt) -> None:
    """The right digest: collected, then the slot zero, then shredded, its header gone, its blob queued."""
    answer = await confirm(scene, visitor, sealed)

    assert answer.state is ReceiptState.SHREDDED
    recording = scene.recording(sealed.recording)
    assert recording.state is RecordingState.SHREDDED
    assert not alive(scene, sealed)
    state = scene.parts.database.state
    assert sealed.recording not in state.headers
    assert list(state.deletions) == [recording.blob]
    assert recording.slot in state.slots_destroyed
    collected, shredded = (await scene.log())[-2:]
    assert (collected.entry.action, shredded.entry.action) == (
        Action.RECORDING_COLLECTED,
        Action.RECORDING_SHREDDED,
    )
    assert collected.entry.actor == shredded.entry.actor == visitor.actor.id


async def test_the_certificate_verifies_offline(
    scene: Scene, visitor: Visitor, sealed: UploadReceipt
) -> None:
    """With the verifier key alone a stranger sees what was destroyed, when, and the snapshot horizon."""
    answer = await confirm(scene, visitor, sealed)
    assert answer.certificate is not None
    verifier = NoteVerifier.parse(scene.parts.keys.signer.verifier_key)

    certificate = DestructionCertificate.verify(answer.certificate.encode(), verifier)

    assert certificate.recording == sealed.recording
    assert certificate.entry.facts == {
        "customer": scene.acme.customer.id,
        "sha256": sealed.sha256,
        "bytes": len(SOUND),
        "slot": scene.recording(sealed.recording).slot,
        "snapshot_horizon": "14 days",
    }
    with pytest.raises(ProofInvalid):
        DestructionCertificate.verify(answer.certificate.replace("index ", "index 1").encode(), verifier)


async def test_an_unstated_horizon_is_printed(scene: Scene) -> None:
    """Where the operator states no snapshot horizon, the certificate says so."""
    silent = scene.over(scene.parts.but(policy=replace(scene.parts.policy, snapshot_horizon=None)))
    sealed = await silent.upload(scene.acme.source, SOUND)
    await confirm(silent, await silent.visitor(scene.acme), sealed)

    (shredded,) = await silent.log(Action.RECORDING_SHREDDED)
    assert shredded.entry.facts["snapshot_horizon"] == "unstated"


async def test_a_wrong_digest_destroys_nothing(scene: Scene, visitor: Visitor, sealed: UploadReceipt) -> None:
    """A receipt for other bytes is refused, on record, and the recording still opens."""
    with pytest.raises(DigestMismatch):
        await confirm_receipt(scene.vault, visitor, sealed.recording, digest(b"half of it"))

    assert alive(scene, sealed)
    (refused,) = await scene.log(Action.RECORDING_REFUSED)
    assert (refused.entry.outcome, refused.entry.facts["why"]) == (Outcome.REFUSED, "digest_mismatch")
    assert await read_all(await open_recording(scene.vault, visitor, sealed.recording)) == SOUND


async def test_a_wrong_digest_after_the_end(scene: Scene, visitor: Visitor, sealed: UploadReceipt) -> None:
    """Even a shredded recording gives its certificate for its own digest only."""
    await confirm(scene, visitor, sealed)

    with pytest.raises(DigestMismatch):
        await confirm_receipt(scene.vault, visitor, sealed.recording, digest(b"half of it"))


async def test_only_the_customer_confirms(scene: Scene, sealed: UploadReceipt) -> None:
    """Another customer with the right digest destroys nothing and learns nothing."""
    with pytest.raises(NotFound):
        await confirm(scene, await scene.visitor(scene.zenith), sealed)

    assert alive(scene, sealed)


async def test_twice_is_once(scene: Scene, visitor: Visitor, sealed: UploadReceipt) -> None:
    """The same receipt again, later and in another session, gets the same certificate, byte for byte."""
    first = await confirm(scene, visitor, sealed)
    await scene.upload(scene.acme.source, b"more entries")
    password = scene.acme.password.reveal().decode()
    again = await sign_in(scene.vault, customer="acme", password=password, by=VISITOR)

    assert await confirm(scene, await scene.visitor(scene.acme, again.token), sealed) == first
    assert len(await scene.log(Action.RECORDING_SHREDDED)) == 1


async def test_twenty_at_once(scene: Scene, visitor: Visitor, sealed: UploadReceipt) -> None:
    """Twenty receipts at the same moment are one destruction and one certificate."""
    answers = await asyncio.gather(*(confirm(scene, visitor, sealed) for _ in range(20)))

    assert len(set(answers)) == 1
    assert len(await scene.log(Action.RECORDING_COLLECTED)) == 1
    assert len(await scene.log(Action.RECORDING_SHREDDED)) == 1


async def test_nothing_is_destroyed_before_it_is_on_record(
    scene: Scene, visitor: Visitor, sealed: UploadReceipt
) -> None:
    """While the first receipt's entry is on its way to the disk, a second one destroys nothing either."""
    scene.parts.database.hold_commits()
    receipts = [asyncio.create_task(confirm(scene, visitor, sealed)) for _ in range(2)]
    await scene.parts.database.until_stuck(*receipts)
    assert alive(scene, sealed)
    scene.parts.database.release_commits(LogUnavailable("no disk"))

    outcomes = await asyncio.gather(*receipts, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [LogUnavailable] * 2
    assert alive(scene, sealed)
    assert await read_all(await open_recording(scene.vault, visitor, sealed.recording)) == SOUND


async def test_no_certificate_before_it_is_on_record(
    scene: Scene, visitor: Visitor, sealed: UploadReceipt
) -> None:
    """Two receipts that find the slot destroyed both wait for the entry that says so."""
    scene.parts.slots.away = {1}
    await confirm(scene, visitor, sealed)
    scene.parts.slots.away = set()
    scene.parts.database.hold_commits()
    shreds = [asyncio.create_task(finish_shred(scene.vault, sealed.recording, by=SERVICE)) for _ in range(2)]
    await scene.parts.database.until_stuck(*shreds)
    assert not any(shred.done() for shred in shreds)
    scene.parts.database.release_commits()

    first, second = await asyncio.gather(*shreds)

    assert first is not None
    assert first == second == await finish_shred(scene.vault, sealed.recording, by=SERVICE)


async def test_no_log_no_destruction(scene: Scene, visitor: Visitor, sealed: UploadReceipt) -> None:
    """While the log can't be written, a proof destroys nothing, and counts once it can."""
    scene.parts.database.fail_commit_with(LogUnavailable("no disk"))
    with pytest.raises(LogUnavailable):
        await confirm(scene, visitor, sealed)
    assert alive(scene, sealed)
    scene.parts.database.fail_commit_with(None)

    assert (await confirm(scene, visitor, sealed)).state is ReceiptState.SHREDDED


async def test_no_slot_is_destroyed_without_collection(scene: Scene, sealed: UploadReceipt) -> None:
    """Finishing the shred of a recording that was never collected is refused before anything happens."""
    with pytest.raises(Conflict):
        await finish_shred(scene.vault, sealed.recording, by=SERVICE)
    with pytest.raises(NotFound):
        await finish_shred(scene.vault, RecordingId("unknown"), by=SERVICE)
    with pytest.raises(NotFound):
        await certificate_of(scene.vault, scene.recording(sealed.recording))

    assert alive(scene, sealed)


async def test_a_backup_does_not_revive_a_recording(
    scene: Scene, visitor: Visitor, sealed: UploadReceipt
) -> None:
    """Yesterday's database and blobs beside today's slots: the recording opens for nobody."""
    yesterday = scene.copy()
    await confirm(scene, visitor, sealed)

    mixed = yesterday.over(yesterday.parts.beside(scene.parts.slots))

    with pytest.raises(Conflict):
        await open_recording(mixed.vault, await mixed.visitor(scene.acme), sealed.recording)


@pytest.mark.parametrize("forgery", ["digest", "header", "customer"])
async def test_a_forged_row_is_not_destroyed(
    scene: Scene, visitor: Visitor, sealed: UploadReceipt, forgery: str
) -> None:
    """Whoever writes to the database can't have a recording destroyed by values of their own."""
    state, known = scene.parts.database.state, digest(b"something else")
    row = scene.recording(sealed.recording)
    if forgery == "digest":
        state.recordings[row.id] = replace(row, sha256=known)
        attempt = confirm_receipt(scene.vault, visitor, row.id, known)
    elif forgery == "header":
        del state.headers[row.id]
        attempt = confirm(scene, visitor, sealed)
    else:
        state.recordings[row.id] = replace(row, customer=scene.zenith.customer.id)
        attempt = confirm(scene, await scene.visitor(scene.zenith), sealed)

    with pytest.raises(LogCorrupt):
        await attempt
    assert alive(scene, sealed)
    assert await scene.log(Action.RECORDING_COLLECTED) == []
