"""An export: for one recipient, by a DPO, on the log before its first byte, proven whole as it leaves."""

from __future__ import annotations

import pytest

from keys.age import CHUNK_BYTES, HybridIdentity, Identity, X25519Identity, open_file
from keys.errors import NoMatchingIdentity, PayloadCorrupt
from tests.fakes.keyring import keyring
from tests.fakes.scene import Scene
from tests.harness.staff import custodian, dana
from vault.domain.event import Action
from vault.domain.staff import Role
from vault.errors import AccessDenied, Collected, Invalid, LogUnavailable
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.export_recording import Export, ExportRecipient, export_recording
from vault.usecases.unlock_staff import Custodian

REASON = "police reference 7"


@pytest.fixture
async def dpo(scene: Scene) -> Custodian:
    """Return Dana, unlocked."""
    return await dana(scene.vault, scene.founding.passphrase)


async def sealed_file(export: Export) -> bytes:
    """Return the whole file."""
    return b"".join([piece async for piece in export.age_file()])


async def collect(export: Export, left: bytearray) -> None:
    """Add what leaves to `left`."""
    async for piece in export.age_file():
        left += piece


async def exported(scene: Scene, by: Custodian, recording: str, to: ExportRecipient | None = None) -> bytes:
    """Export for a reason; return the file."""
    return await sealed_file(await export_recording(scene.vault, by, recording, reason=REASON, to=to))


SIZES = (1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 16 * CHUNK_BYTES, 40 * CHUNK_BYTES + 7)


@pytest.mark.parametrize("size", SIZES)
async def test_it_opens_for_its_recipient_alone(scene: Scene, dpo: Custodian, size: int) -> None:
    """Whatever its size, it is an age file of the recording, which its recipient opens and nobody else."""
    content = bytes(range(251)) * (size // 251 + 1)
    receipt = await scene.upload(scene.acme.source, content[:size])
    ring = await keyring(scene)
    outside: tuple[tuple[Identity, ExportRecipient | None], ...] = (
        (ring.office, None),
        ((hybrid := HybridIdentity.generate()), hybrid.recipient),
        ((x25519 := X25519Identity.generate()), x25519.recipient),
    )
    for identity, to in outside:
        file = await exported(scene, dpo, receipt.recording, to)
        assert open_file(file, [identity]) == content[:size]
        others = [each for each, _ in outside if each is not identity]
        with pytest.raises(NoMatchingIdentity):
            open_file(file, [*others, ring.dana, ring.tech, ring.acme, ring.recovery])


async def test_the_recipient_is_on_record(scene: Scene, dpo: Custodian) -> None:
    """The log has a fingerprint of the recipient, the detail row all of it with the reason."""
    receipt = await scene.upload(scene.own, b"sound")
    to = HybridIdentity.generate().recipient
    export = await export_recording(scene.vault, dpo, receipt.recording, reason=REASON, to=to)

    (entry,) = await scene.log(Action.RECORDING_EXPORTED)
    assert entry.entry.facts == {"role": "dpo", "own": True, "recipient": export.fingerprint}
    assert entry.detail == {"name": "dana", "reason": REASON, "recipient": str(to)}
    assert len(export.fingerprint) == 16


async def test_a_dpo_alone_may(scene: Scene, dpo: Custodian) -> None:
    """A tech manager opens acme's recordings and may export none; nor may a manager. It is on record."""
    receipt = await scene.upload(scene.acme.source, b"sound")
    for role in (Role.TECH_MANAGER, Role.MANAGER):
        person = await custodian(scene.vault, dpo, f"a-{role}", role)
        with pytest.raises(AccessDenied):
            await export_recording(scene.vault, person, receipt.recording, reason=REASON)

    refused = [each.entry.facts for each in await scene.log(Action.RECORDING_REFUSED)]
    assert [(facts["role"], facts["tried"], facts["why"]) for facts in refused] == [
        ("tech-manager", "recording.exported", "access_denied"),
        ("manager", "recording.exported", "access_denied"),
    ]
    assert not await scene.log(Action.RECORDING_EXPORTED)


async def test_what_is_not_on_the_log_does_not_leave(scene: Scene, dpo: Custodian) -> None:
    """No log, no reason, or a collection that came first: no export."""
    receipt = await scene.upload(scene.acme.source, b"sound")
    scene.parts.database.fail_commit_with(LogUnavailable("no disk"))
    with pytest.raises(LogUnavailable):
        await export_recording(scene.vault, dpo, receipt.recording, reason=REASON)
    scene.parts.database.fail_commit_with(None)
    with pytest.raises(Invalid):
        await export_recording(scene.vault, dpo, receipt.recording, reason=" ")
    await confirm_receipt(scene.vault, await scene.visitor(scene.acme), receipt.recording, receipt.sha256)
    with pytest.raises(Collected):
        await export_recording(scene.vault, dpo, receipt.recording, reason=REASON)
    assert not await scene.log(Action.RECORDING_EXPORTED)


@pytest.mark.parametrize("at", [16, 16 + 65552 * 17 + 5, -1])
async def test_a_changed_chunk_never_leaves(scene: Scene, dpo: Custodian, at: int) -> None:
    """A flipped bit ends the export before the chunk that has it; what left is the genuine beginning."""
    receipt = await scene.upload(scene.acme.source, bytes(2_000_000))
    blob = scene.recording(receipt.recording).blob
    payload = bytearray(scene.parts.blobs.blobs[blob])
    payload[at] ^= 1
    scene.parts.blobs.blobs[blob] = bytes(payload)

    export = await export_recording(scene.vault, dpo, receipt.recording, reason=REASON)
    left = bytearray()
    with pytest.raises(PayloadCorrupt):
        await collect(export, left)
    position = at if at >= 0 else len(payload) - 1
    left_of_payload = bytes(left)[len(export.header) :]
    assert len(left_of_payload) <= position
    assert left_of_payload == bytes(payload)[: len(left_of_payload)]
