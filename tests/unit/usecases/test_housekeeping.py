"""Housekeeping: what must go goes, what must stay stays."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.fakes.scene import Scene
from vault.domain.event import Action, Outcome
from vault.domain.guesses import WINDOW, Bucket
from vault.domain.names import BlobKey, RecordingId, new_id
from vault.errors import LogUnavailable, StoreUnavailable
from vault.usecases import sweep_blobs
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.delete_blobs import delete_queued_blobs
from vault.usecases.recover import recover
from vault.usecases.sum_up_guesses import count_stopped_guesses, sum_up_guesses
from vault.usecases.sweep_blobs import BlobSweep


async def shredded(scene: Scene) -> BlobKey:
    """Seal and collect a recording; return its blob's key."""
    sealed = await scene.upload(scene.acme.source, b"sound")
    await confirm_receipt(scene.vault, await scene.visitor(scene.acme), sealed.recording, sealed.sha256)
    return scene.recording(sealed.recording).blob


def age_blobs(scene: Scene, by: timedelta) -> None:
    """Make every blob so old."""
    blobs = scene.parts.blobs
    for key in {*blobs.blobs, *blobs.unfinished}:
        blobs.written_at[key] = scene.parts.clock.now() - by


async def test_shredded_blobs_are_deleted(scene: Scene) -> None:
    """The blob of what was destroyed goes, once, and those of what waits stay."""
    waiting = await scene.upload(scene.acme.source, b"waiting")
    await shredded(scene)

    assert await delete_queued_blobs(scene.vault) == 1
    assert await delete_queued_blobs(scene.vault) == 0
    assert set(scene.parts.blobs.blobs) == {scene.recording(waiting.recording).blob}


async def test_deletion_is_retried_until_it_is_proven(scene: Scene) -> None:
    """While the store does not answer, the blob stays queued, and is tried again after a while."""
    key = await shredded(scene)
    scene.parts.blobs.down = True
    assert await delete_queued_blobs(scene.vault) == 0
    scene.parts.blobs.down = False
    assert await delete_queued_blobs(scene.vault) == 0  # not due yet
    assert key in scene.parts.blobs.blobs
    scene.parts.clock.advance(timedelta(minutes=1))

    assert await delete_queued_blobs(scene.vault) == 1
    assert key not in scene.parts.blobs.blobs
    assert not scene.parts.database.state.deletions


async def test_a_blob_that_is_gone_already_is_done(scene: Scene) -> None:
    """A deletion that a crash cut off before it was noted is simply done again."""
    key = await shredded(scene)
    await scene.vault.blobs.delete(key)

    assert await delete_queued_blobs(scene.vault) == 1


async def swept(scene: Scene) -> int:
    """Let the sweep take the two turns that it needs."""
    sweep = BlobSweep()
    return await sweep(scene.vault) + await sweep(scene.vault)


async def test_a_clock_that_jumps_ahead(scene: Scene) -> None:
    """What only looks old since the clock jumped is an upload under way, and stays for its commit."""
    key, sweep = BlobKey(new_id()), BlobSweep()
    scene.parts.blobs.blobs[key] = b"being committed"
    scene.parts.blobs.written_at[key] = scene.parts.clock.now()
    await sweep(scene.vault)

    scene.parts.clock.advance(timedelta(days=400))
    await sweep(scene.vault)

    assert key in scene.parts.blobs.blobs


@pytest.mark.parametrize("at_once", [1, 2, 3, 500])
async def test_the_sweeper_takes_what_nobody_owns(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """Old blobs without a recording go, unfinished ones too; living recordings and young blobs stay."""
    monkeypatch.setattr(sweep_blobs, "_KEYS_AT_ONCE", at_once)
    waiting = await scene.upload(scene.acme.source, b"waiting")
    orphan, young, unfinished = (BlobKey(new_id()) for _ in range(3))
    scene.parts.blobs.blobs[orphan] = b"x"
    scene.parts.blobs.unfinished.add(unfinished)
    age_blobs(scene, timedelta(days=2))
    scene.parts.blobs.blobs[young] = b"x"
    scene.parts.blobs.written_at[young] = scene.parts.clock.now() - timedelta(hours=23)

    assert await swept(scene) == 2
    assert set(scene.parts.blobs.blobs) == {scene.recording(waiting.recording).blob, young}
    assert not scene.parts.blobs.unfinished


async def test_the_sweeper_keeps_what_is_being_destroyed(scene: Scene) -> None:
    """A recording that is collected and not shredded is still somebody's; a shredded one's blob is not."""
    sealed = await scene.upload(scene.acme.source, b"sound")
    scene.parts.slots.away = {0}
    await confirm_receipt(scene.vault, await scene.visitor(scene.acme), sealed.recording, sealed.sha256)
    age_blobs(scene, timedelta(days=2))
    assert await swept(scene) == 0

    scene.parts.slots.away = set()
    await recover(scene.vault)
    assert await swept(scene) == 1


async def test_the_sweeper_says_when_it_can_not(scene: Scene) -> None:
    """A store that is down is an error, not a clean sweep."""
    scene.parts.blobs.down = True

    with pytest.raises(StoreUnavailable):
        await swept(scene)


async def test_windows_are_summed_up(scene: Scene) -> None:
    """One entry for each bucket that saw a refusal, whatever came; quiet buckets leave none."""
    began = scene.parts.clock.now()
    buckets = scene.parts.database.state.buckets
    buckets.clear()
    for bucket in (Bucket("name 1", began, 10, 990_000), Bucket("name 2", began, 1), Bucket("name 3", began)):
        buckets[bucket.key] = bucket
    scene.parts.clock.advance(WINDOW / 2)
    assert await sum_up_guesses(scene.vault) == 0
    scene.parts.clock.advance(WINDOW)

    assert await sum_up_guesses(scene.vault) == 3

    assert not scene.parts.database.state.buckets
    first, second = await scene.log(Action.PASSWORD_REFUSED)
    assert first.entry.outcome == second.entry.outcome == Outcome.REFUSED
    assert dict(first.entry.facts) == {
        "bucket": "name 1",
        "since": began.isoformat(timespec="seconds"),
        "wrong": 10,
        "stopped": 990_000,
    }
    assert second.entry.facts["bucket"] == "name 2"


async def test_stopped_guesses_are_counted_once(scene: Scene) -> None:
    """What was turned away is added to its bucket, and to a new one should that be gone already."""
    scene.parts.database.state.buckets["name 1"] = Bucket("name 1", scene.parts.clock.now(), 10)
    for bucket in ("name 1", "name 1", "name 2"):
        scene.parts.stopped.count(bucket)

    for _ in range(2):
        await count_stopped_guesses(scene.vault)

    buckets = scene.parts.database.state.buckets
    assert (buckets["name 1"].stopped, buckets["name 1"].tries) == (2, 10)
    assert (buckets["name 2"].stopped, buckets["name 2"].tries) == (1, 0)


async def test_stopped_guesses_outlive_a_failed_commit(scene: Scene) -> None:
    """What could not be written now is written later, with what came meanwhile."""
    scene.parts.stopped.count("name 1", 3)
    scene.parts.database.fail_commit_with(LogUnavailable("not now"), once=True)

    with pytest.raises(LogUnavailable):
        await count_stopped_guesses(scene.vault)
    scene.parts.stopped.count("name 1")
    await count_stopped_guesses(scene.vault)

    assert scene.parts.database.state.buckets["name 1"].stopped == 4


async def test_recovery_zeroes_what_came_back(scene: Scene) -> None:
    """Slots of yesterday beside today's database: what is known as destroyed is zero again at start."""
    sealed = await scene.upload(scene.acme.source, b"sound")
    yesterday = scene.parts.slots.copy()
    await confirm_receipt(scene.vault, await scene.visitor(scene.acme), sealed.recording, sealed.sha256)
    slot = scene.recording(sealed.recording).slot
    assert yesterday.alive(slot)

    await recover(scene.over(scene.parts.beside(yesterday)).vault)

    assert not yesterday.alive(slot)


async def test_unknown_recordings_are_unknown_to_the_store(scene: Scene) -> None:
    """Nothing to do is done at once."""
    assert await delete_queued_blobs(scene.vault) == 0
    assert await swept(scene) == 0
    assert await sum_up_guesses(scene.vault) == 0
    assert RecordingId("unknown") not in scene.parts.database.state.recordings
