"""Opening by staff: by key alone, with a reason, on the log before a byte."""

from __future__ import annotations

import pytest

from tests.fakes.scene import Scene, read_all
from tests.harness.staff import custodian, dana
from vault.domain.event import Action, AuditEvent, Outcome
from vault.domain.staff import Role
from vault.errors import AccessDenied, Ambiguous, Collected, Invalid, LogUnavailable, NotFound
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.open_as_staff import open_as_staff, record_access, unlock_recording
from vault.usecases.unlock_staff import Custodian

SOUND = bytes(range(256)) * 1000
REASON = "complaint 12"


@pytest.fixture
async def dpo(scene: Scene) -> Custodian:
    """Return Dana, unlocked."""
    return await dana(scene.vault, scene.founding.passphrase)


async def test_an_opening_is_on_record_with_its_reason(scene: Scene, dpo: Custodian) -> None:
    """Each opening is an entry of its own; the reason lies in the detail row, not in the log."""
    receipt = await scene.upload(scene.acme.source, SOUND)
    for _ in range(2):
        opened = await open_as_staff(scene.vault, dpo, receipt.recording[:12], reason=f" {REASON} ")
        assert await read_all(opened) == SOUND

    entries = await scene.log(Action.RECORDING_OPENED)
    assert [each.entry.actor for each in entries] == [dpo.actor.id] * 2
    assert entries[0].entry.facts == {"role": "dpo", "customer": scene.acme.customer.id}
    assert entries[0].detail == {"name": "dana", "reason": REASON}
    assert REASON not in str(entries[0].entry)


async def test_without_a_reason_nothing_opens(scene: Scene, dpo: Custodian) -> None:
    """No reason, or one that can't be logged: neither key nor entry."""
    receipt = await scene.upload(scene.acme.source, SOUND)
    for reason in ("", "   ", "x" * 501, "a\nb"):
        with pytest.raises(Invalid):
            await open_as_staff(scene.vault, dpo, receipt.recording, reason=reason)
    assert not await scene.log(Action.RECORDING_OPENED)


async def test_whose_key_does_not_fit_is_refused_on_record(scene: Scene, dpo: Custodian) -> None:
    """A manager has no key, a tech manager none for own calls; the refusal and its reason are logged."""
    tom = await custodian(scene.vault, dpo, "tom", Role.TECH_MANAGER)
    mia = await custodian(scene.vault, dpo, "mia", Role.MANAGER)
    theirs = (await scene.upload(scene.acme.source, SOUND)).recording
    own = (await scene.upload(scene.own, SOUND)).recording
    for person, recording in ((mia, theirs), (mia, own), (tom, own)):
        with pytest.raises(AccessDenied):
            await open_as_staff(scene.vault, person, recording, reason=REASON)

    refused = await scene.log(Action.RECORDING_REFUSED)
    assert [(each.entry.actor, each.entry.recording) for each in refused] == [
        (mia.actor.id, theirs),
        (mia.actor.id, own),
        (tom.actor.id, own),
    ]
    assert {each.entry.outcome for each in refused} == {Outcome.REFUSED}
    assert refused[0].entry.facts == {
        "role": "manager",
        "customer": scene.acme.customer.id,
        "tried": "recording.opened",
        "why": "no_matching_identity",
    }
    assert refused[0].detail == {"name": "mia", "reason": REASON}
    assert not await scene.log(Action.RECORDING_OPENED)
    assert await read_all(await open_as_staff(scene.vault, tom, theirs, reason=REASON)) == SOUND


async def test_what_was_collected_is_refused_on_record(scene: Scene, dpo: Custodian) -> None:
    """A collected recording is told as such, to the DPO and to the log."""
    receipt = await scene.upload(scene.acme.source, SOUND)
    await confirm_receipt(scene.vault, await scene.visitor(scene.acme), receipt.recording, receipt.sha256)
    with pytest.raises(Collected):
        await open_as_staff(scene.vault, dpo, receipt.recording, reason=REASON)

    (refused,) = await scene.log(Action.RECORDING_REFUSED)
    assert refused.entry.facts["why"] == "collected"


async def test_a_destroyed_slot_counts_as_collected(scene: Scene, dpo: Custodian) -> None:
    """A row that waits while its slot is gone, as in a restored copy, opens nothing and says so."""
    receipt = await scene.upload(scene.acme.source, SOUND)
    await scene.vault.slots.destroy([scene.recording(receipt.recording).slot])

    with pytest.raises(Collected):
        await open_as_staff(scene.vault, dpo, receipt.recording, reason=REASON)
    assert len(await scene.log(Action.RECORDING_REFUSED)) == 1


@pytest.mark.parametrize("role", [Role.DPO, Role.MANAGER])
async def test_no_log_no_answer(scene: Scene, dpo: Custodian, role: Role) -> None:
    """While the log can't be written neither an opening nor a refusal gets through."""
    person = await custodian(scene.vault, dpo, "somebody", role)
    receipt = await scene.upload(scene.acme.source, SOUND)
    scene.parts.database.fail_commit_with(LogUnavailable("no disk"))

    with pytest.raises(LogUnavailable):
        await open_as_staff(scene.vault, person, receipt.recording, reason=REASON)


async def test_a_collection_in_between_wins(scene: Scene, dpo: Custodian) -> None:
    """Collected after the key was had and before the entry was written: no entry, and so no byte."""
    receipt = await scene.upload(scene.acme.source, SOUND)
    await unlock_recording(scene.vault, dpo, receipt.recording)
    await confirm_receipt(scene.vault, await scene.visitor(scene.acme), receipt.recording, receipt.sha256)

    with pytest.raises(Collected):
        await record_access(
            scene.vault, dpo, AuditEvent(Action.RECORDING_OPENED, dpo.actor, recording=receipt.recording)
        )
    assert not await scene.log(Action.RECORDING_OPENED)


async def test_what_is_not_there_is_not_found(scene: Scene, dpo: Custodian) -> None:
    """An unknown id and a prefix of two are told apart from a refusal."""
    for _ in range(2):
        await scene.upload(scene.acme.source, SOUND)
    with pytest.raises(NotFound):
        await open_as_staff(scene.vault, dpo, "zzzzzzzzzzzzzzzzzzzz", reason=REASON)
    with pytest.raises(Ambiguous):
        await open_as_staff(scene.vault, dpo, "", reason=REASON)
