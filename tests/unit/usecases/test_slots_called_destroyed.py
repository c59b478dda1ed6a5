"""Who writes to the database does not get the service to destroy what lives, or to end a key in use."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.scene import Scene, digest
from tests.harness.staff import dana
from vault.domain.event import Action
from vault.domain.names import RecordingId
from vault.domain.renewal import Renewal, RenewalStage
from vault.domain.staff import Group, Owner
from vault.errors import LogCorrupt
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.keep_house import delete_queued_blobs
from vault.usecases.recover import recover
from vault.usecases.renew_seals import renew_seals
from vault.usecases.rotate_keys import rotate_keys

GROUP = Group.TECH_MANAGERS


async def uploaded(scene: Scene) -> RecordingId:
    """Upload a recording that waits."""
    return (await scene.upload(scene.acme.source, b"sound")).recording


async def test_a_living_slot_called_destroyed_stays(scene: Scene) -> None:
    """The service refuses to start, and the recording is collected once the row is as it was."""
    waiting = await uploaded(scene)
    destroyed = scene.parts.database.state.slots_destroyed
    slot = scene.recording(waiting).slot
    destroyed[slot] = scene.parts.clock.now()

    with pytest.raises(LogCorrupt, match=f"slot {slot} "):
        await recover(scene.vault)

    del destroyed[slot]
    await recover(scene.vault)
    await confirm_receipt(scene.vault, await scene.visitor(scene.acme), waiting, digest(b"sound"))


async def test_an_identity_called_destroyed_stays(scene: Scene) -> None:
    """Neither a start nor a renewal of keys destroys the office's identity."""
    dpo = await dana(scene.vault, scene.founding.passphrase)
    state = scene.parts.database.state
    slot = state.identities[Owner.GROUP, Group.DPO_OFFICE, 1].slot
    assert slot is not None
    state.slots_destroyed[slot] = scene.parts.clock.now()

    with pytest.raises(LogCorrupt):
        await recover(scene.vault)
    with pytest.raises(LogCorrupt):
        await renew_seals(scene.vault, dpo)

    assert await scene.vault.slots.read_many([slot])


async def test_a_counter_set_back_reuses_no_slot(scene: Scene) -> None:
    """What comes next lies under a slot of its own, though the claim of the other's is gone."""
    first = await uploaded(scene)
    state, slot = scene.parts.database.state, scene.recording(first).slot
    del state.slots_claimed[slot]
    state.next_slot = slot

    second = await scene.upload(scene.acme.source, b"another")

    assert scene.recording(second.recording).slot > slot


@pytest.mark.parametrize(
    "change",
    [{"recordings_below": 0, "stage": RenewalStage.RECORDINGS}, {"generation": 3}, {"owner_id": "x"}],
)
async def test_a_renewal_brought_forward_ends_nothing(scene: Scene, change: dict[str, object]) -> None:
    """A row that says that all is done retires no key to which recordings are sealed."""
    await uploaded(scene)
    dpo = await dana(scene.vault, scene.founding.passphrase)
    renewal = await rotate_keys(scene.vault, dpo, GROUP)
    state = scene.parts.database.state
    state.renewals[renewal.number] = replace(renewal, **change)  # type: ignore[arg-type]  # fields by name

    with pytest.raises(LogCorrupt):
        await renew_seals(scene.vault, dpo)

    assert scene.parts.database.state.identities[Owner.GROUP, GROUP, 1].slot is not None
    assert await scene.log(Action.KEYS_RENEWED) == []


async def test_a_renewal_changed_between_batches_ends_nothing(scene: Scene) -> None:
    """What moved it while a batch was made must have been this vault, too."""
    await uploaded(scene)
    dpo = await dana(scene.vault, scene.founding.passphrase)
    await rotate_keys(scene.vault, dpo, GROUP)

    def _forge(renewal: Renewal) -> None:
        renewals = scene.parts.database.state.renewals
        renewals[renewal.number] = replace(renewal, recordings_below=0, stage=RenewalStage.RECORDINGS)

    with pytest.raises(LogCorrupt):
        await renew_seals(scene.vault, dpo, _forge)

    assert scene.parts.database.state.identities[Owner.GROUP, GROUP, 1].slot is not None


async def test_a_renewal_without_a_mark_begins_anew(scene: Scene) -> None:
    """As an older program left it, or with its mark taken off: every recording is sealed anew after all."""
    waiting = await uploaded(scene)
    dpo = await dana(scene.vault, scene.founding.passphrase)
    renewal = await rotate_keys(scene.vault, dpo, GROUP)
    before = scene.recording(waiting).slot
    bare = replace(renewal, recordings_below=0, log_index=0, stage=RenewalStage.RECORDINGS, vouched=None)
    scene.parts.database.state.renewals[renewal.number] = bare

    (finished,) = await renew_seals(scene.vault, dpo)

    assert (finished.recordings_done, finished.unopened) == (1, 0)
    assert scene.recording(waiting).slot != before
    assert scene.parts.database.state.identities[Owner.GROUP, GROUP, 1].slot is None


async def test_a_renewal_without_a_mark_ends_an_older_generation(scene: Scene) -> None:
    """The key of today is never ended by a row that names the one after it."""
    dpo = await dana(scene.vault, scene.founding.passphrase)
    renewal = await rotate_keys(scene.vault, dpo, GROUP)
    renewals = scene.parts.database.state.renewals
    renewals[renewal.number] = replace(renewal, generation=3, vouched=None)

    with pytest.raises(LogCorrupt):
        await renew_seals(scene.vault, dpo)

    assert scene.parts.database.state.identities[Owner.GROUP, GROUP, 2].slot is not None


async def test_a_queued_blob_that_is_needed_stays(scene: Scene) -> None:
    """A row that somebody put into the queue is told of and dropped; what else is due goes."""
    waiting, ended = await uploaded(scene), await scene.upload(scene.acme.source, b"over")
    await confirm_receipt(scene.vault, await scene.visitor(scene.acme), ended.recording, digest(b"over"))
    blob = scene.recording(waiting).blob
    scene.parts.database.state.deletions[blob] = scene.parts.clock.now()

    with pytest.raises(LogCorrupt, match=blob):
        await delete_queued_blobs(scene.vault)

    assert set(scene.parts.blobs.blobs) == {blob}
    assert scene.parts.database.state.deletions == {}
