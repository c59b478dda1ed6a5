"""Who writes to the database does not get the service to destroy what lives, or to end a key in use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest

from tests.fakes.scene import OPERATOR, Scene, digest
from tests.fakes.staffed import Staffed, staffed
from tests.harness.staff import dana
from vault.domain.event import Action
from vault.domain.names import BlobKey, RecordingId
from vault.domain.recording import RecordingState
from vault.domain.renewal import Renewal, RenewalStage
from vault.domain.staff import Group, Owner
from vault.errors import LogCorrupt
from vault.ports.slots import Slots
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.delete_blobs import delete_queued_blobs
from vault.usecases.end_session import end_expired_sessions, end_sessions
from vault.usecases.finish_shreds import doubtful_shreds, finish_shreds_or_tell
from vault.usecases.reconcile_slots import destroy_left_slots
from vault.usecases.recover import recover
from vault.usecases.renew_seals import renew_seals
from vault.usecases.revoke_grant import revoke_grant
from vault.usecases.rotate_customer import rotate_customer
from vault.usecases.rotate_keys import rotate_keys
from vault.usecases.shred_by_instruction import shred_by_instruction
from vault.usecases.sweep_blobs import BlobSweep

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


@pytest.mark.parametrize("state", [RecordingState.COLLECTED, RecordingState.SHREDDED])
async def test_a_state_put_there_by_hand_destroys_nothing(scene: Scene, state: RecordingState) -> None:
    """Neither start nor housekeeping ends what the log has no end of, however its slot is called."""
    waiting, other = await uploaded(scene), await scene.upload(scene.acme.source, b"over")
    database, row = scene.parts.database, scene.recording(waiting)
    database.state.recordings[waiting] = replace(row, state=state)
    database.state.slots_destroyed[row.slot] = scene.parts.clock.now()
    scene.parts.slots.away = {1}
    await confirm_receipt(scene.vault, await scene.visitor(scene.acme), other.recording, digest(b"over"))
    scene.parts.slots.away = set()

    doubtful = (await recover(scene.vault)).doubtful

    assert scene.parts.slots.alive(row.slot)
    assert scene.recording(other.recording).state is RecordingState.SHREDDED
    assert (waiting in doubtful) == (state is RecordingState.COLLECTED)
    with pytest.raises(LogCorrupt, match=waiting):
        await destroy_left_slots(scene.vault)
    if state is RecordingState.COLLECTED:
        assert await doubtful_shreds(scene.vault, 9) == [waiting]
        with pytest.raises(LogCorrupt, match=waiting):
            await finish_shreds_or_tell(scene.vault)
        with pytest.raises(LogCorrupt):
            await confirm_receipt(scene.vault, await scene.visitor(scene.acme), waiting, digest(b"sound"))
    assert scene.parts.slots.alive(row.slot)


async def test_a_slot_hidden_behind_a_changed_row_stays(scene: Scene) -> None:
    """Called destroyed and named by no row any more, it lives on, and the recording with it."""
    waiting = await uploaded(scene)
    state, row = scene.parts.database.state, scene.recording(waiting)
    state.recordings[waiting] = replace(row, slot=999)
    state.slots_destroyed[row.slot] = scene.parts.clock.now()

    await recover(scene.vault)
    with pytest.raises(LogCorrupt, match=waiting):
        await destroy_left_slots(scene.vault)

    scene.parts.database.state.recordings[waiting] = row
    del scene.parts.database.state.slots_destroyed[row.slot]
    await confirm_receipt(scene.vault, await scene.visitor(scene.acme), waiting, digest(b"sound"))


async def test_a_collected_recording_takes_no_other_with_it(scene: Scene) -> None:
    """Its row names another's slot while it waits for a mirror: neither is destroyed by that."""
    waiting, ended = await uploaded(scene), await scene.upload(scene.acme.source, b"over")
    scene.parts.slots.away = {1}
    await confirm_receipt(scene.vault, await scene.visitor(scene.acme), ended.recording, digest(b"over"))
    scene.parts.slots.away = set()
    rows = scene.parts.database.state.recordings
    victim = rows[waiting].slot
    rows[waiting] = replace(rows[waiting], slot=rows[ended.recording].slot)
    rows[ended.recording] = replace(rows[ended.recording], slot=victim)

    assert (await recover(scene.vault)).doubtful == [ended.recording]
    assert scene.parts.slots.alive(victim)


async def test_an_ended_session_takes_no_recording_with_it(scene: Scene) -> None:
    """A session whose row names a recording's slot ends without it, by its time and by hand."""
    waiting = await uploaded(scene)
    slot = scene.recording(waiting).slot
    sessions = scene.parts.database.state.sessions
    for key, session in sessions.items():
        sessions[key] = replace(session, slot=slot, expires_at=scene.parts.clock.now())

    with pytest.raises(LogCorrupt, match="sessions"):
        await end_expired_sessions(scene.vault)

    assert scene.parts.slots.alive(slot)
    assert scene.parts.database.state.sessions == {}


@pytest.fixture
def office() -> Staffed:
    """Return an office, to be changed."""
    return staffed().over(staffed().scene.copy())


async def test_an_ended_grant_takes_no_recording_with_it(office: Staffed) -> None:
    """A grant whose row names a recording's slot ends without it."""
    grant, _ = await office.grant()
    state, vault = office.scene.parts.database.state, office.scene.vault
    slot = state.recordings[office.own].slot
    state.grants[grant.id] = replace(state.grants[grant.id], slot=slot)

    await revoke_grant(vault, grant.id, by=OPERATOR)
    await shred_by_instruction(vault, office.dana, office.theirs, reason="x", instructed_by="them")

    assert office.scene.parts.slots.alive(slot)
    assert slot not in office.scene.parts.database.state.slots_destroyed


async def test_a_replaced_lock_takes_no_recording_with_it(scene: Scene) -> None:
    """A customer's lock whose row names a recording's slot is not replaced, and nothing is destroyed."""
    waiting = await uploaded(scene)
    slot, customer = scene.recording(waiting).slot, scene.acme.customer
    identities = scene.parts.database.state.identities
    key = (Owner.CUSTOMER, customer.id, 1)
    identities[key] = replace(identities[key], slot=slot)
    dpo = await dana(scene.vault, scene.founding.passphrase)

    with pytest.raises(LogCorrupt):
        await rotate_customer(scene.vault, dpo, customer.name)

    assert scene.parts.slots.alive(slot)


async def test_a_swapped_blob_stays(scene: Scene) -> None:
    """A shredded recording's row that names another's blob does not have it deleted."""
    waiting, ended = await uploaded(scene), await scene.upload(scene.acme.source, b"over")
    await confirm_receipt(scene.vault, await scene.visitor(scene.acme), ended.recording, digest(b"over"))
    state = scene.parts.database.state
    mine, other = state.recordings[waiting], state.recordings[ended.recording]
    state.recordings[waiting] = replace(mine, blob=other.blob)
    state.recordings[ended.recording] = replace(other, blob=mine.blob)
    state.deletions = {mine.blob: scene.parts.clock.now()}

    with pytest.raises(LogCorrupt, match=mine.blob):
        await delete_queued_blobs(scene.vault)

    assert mine.blob in scene.parts.blobs.blobs


@pytest.mark.parametrize("queued", [True, False])
async def test_a_blob_whose_row_is_gone_stays(scene: Scene, queued: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """A recording that was deleted from the database keeps its payload: the log knows of it."""
    waiting = await uploaded(scene)
    blob = scene.recording(waiting).blob
    state = scene.parts.database.state
    del state.recordings[waiting]
    scene.parts.blobs.written_at[blob] = scene.parts.clock.now() - timedelta(days=2)

    if queued:
        state.deletions[blob] = scene.parts.clock.now()
        with pytest.raises(LogCorrupt, match=blob):
            await delete_queued_blobs(scene.vault)
    else:
        sweep = BlobSweep()
        await sweep(scene.vault)
        with pytest.raises(LogCorrupt, match="not swept"):
            await sweep(scene.vault)

    assert blob in scene.parts.blobs.blobs


async def test_what_a_crash_left_of_sessions_is_destroyed(scene: Scene) -> None:
    """A slot that the log does not tell of goes after the next start, while nothing contradicts the log."""
    session = next(iter(scene.parts.database.state.sessions.values()))
    async with scene.vault.unit_of_work() as work:
        await end_sessions(scene.vault, work, [session], scene.parts.clock.now())
        await work.commit()

    assert await destroy_left_slots(scene.vault) == 1
    assert not scene.parts.slots.alive(session.slot)
    assert await destroy_left_slots(scene.vault) == 0


async def test_no_door_waits_for_the_whole_log(scene: Scene) -> None:
    """A start looks up what ended; only the turn behind the doors recomputes the log and compares."""
    session = next(iter(scene.parts.database.state.sessions.values()))
    async with scene.vault.unit_of_work() as work:
        await end_sessions(scene.vault, work, [session], scene.parts.clock.now())
        await work.commit()
    customer = scene.parts.database.state.customers.pop(scene.acme.customer.id)

    await recover(scene.vault)

    assert scene.parts.slots.alive(session.slot)
    with pytest.raises(LogCorrupt, match="contradicts"):
        await destroy_left_slots(scene.vault)

    assert scene.parts.slots.alive(session.slot)
    scene.parts.database.state.customers[customer.id] = customer


class _PutBack:
    """Slots of a vault whose rows somebody puts back just before the log is recomputed."""

    def __init__(self, slots: object, put_back: Callable[[], object]) -> None:
        self._slots = slots
        self._put_back = put_back

    def __getattr__(self, name: str) -> object:
        return getattr(self._slots, name)

    async def read_head(self) -> bytes | None:
        """Return the head, which is read before the snapshot that is recomputed."""
        self._put_back()
        return await cast("Slots", self._slots).read_head()


@pytest.mark.parametrize("what", ["slot", "blob"])
async def test_rows_changed_for_a_moment_destroy_nothing(scene: Scene, what: str) -> None:
    """What is destroyed is looked up where all agreed, not in a snapshot that was there before."""
    waiting = await uploaded(scene)
    database, row = scene.parts.database, scene.recording(waiting)
    as_it_was = database.state.copy()
    scene.parts.blobs.written_at[row.blob] = scene.parts.clock.now() - timedelta(days=2)

    def put_back() -> None:
        database.state.recordings = as_it_was.copy().recordings
        database.state.slots_destroyed = as_it_was.copy().slots_destroyed

    database.state.recordings[waiting] = replace(row, slot=999, blob=BlobKey("x" * 20))
    database.state.slots_destroyed[row.slot] = scene.parts.clock.now()
    vault = replace(scene.vault, slots=cast("Slots", _PutBack(scene.parts.slots, put_back)))
    if what == "slot":
        assert await destroy_left_slots(vault) == 0
    else:
        sweep = BlobSweep()
        assert await sweep(vault) == await sweep(vault) == 0

    assert scene.parts.slots.alive(row.slot)
    assert row.blob in scene.parts.blobs.blobs


async def test_slots_of_a_day_called_destroyed_stay(scene: Scene) -> None:
    """Whoever calls a day's slot destroyed has no call details erased: the service does not start."""
    await uploaded(scene)
    state = scene.parts.database.state
    slot = next(iter(state.periods.values()))
    state.slots_destroyed[slot] = scene.parts.clock.now()

    with pytest.raises(LogCorrupt, match=f"slot {slot} "):
        await recover(scene.vault)

    assert scene.parts.slots.alive(slot)
