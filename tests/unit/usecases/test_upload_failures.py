"""Uploads that fail: a clear error, and nothing half-kept."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import pytest

from keys.errors import SlotsUnavailable
from tests.fakes.blobs import MemoryBlobs
from tests.fakes.scene import PBX, Scene, body_of, read_all
from vault.domain.call import CallDetails
from vault.domain.names import BlobKey
from vault.domain.source import Source
from vault.errors import (
    ContentDigestWrong,
    DatabaseUnavailable,
    EmptyRecording,
    LogUnavailable,
    RecordingTooLarge,
    StorageFull,
    StoreUnavailable,
    UploadCut,
)
from vault.usecases.open_recording import open_recording
from vault.usecases.seal_recording import Upload, UploadReceipt, seal_recording

SOUND = bytes(range(256)) * 700  # three chunks, the last one short
CALL = CallDetails(call_id="1795305066.3", file_name="a.wav")


async def seal_body(scene: Scene, body: AsyncIterator[bytes], source: Source | None = None) -> UploadReceipt:
    """Upload from a body of the test's own."""
    return await seal_recording(scene.vault, source or scene.acme.source, Upload(), body, by=PBX)


def nothing_kept(scene: Scene) -> bool:
    """Say whether neither store nor database know of any recording."""
    state = scene.parts.database.state
    return not (scene.parts.blobs.blobs or scene.parts.blobs.unfinished or state.recordings or state.headers)


async def test_content_digests_are_checked(scene: Scene) -> None:
    """A right SHA-256 or SHA-512 passes; a wrong one, or one of two, keeps nothing."""
    sha256, sha512 = hashlib.sha256(SOUND).digest(), hashlib.sha512(SOUND).digest()
    for wrong in ({"sha256": bytes(32)}, {"sha512": bytes(64)}, {"sha256": sha256, "sha512": b""}):
        with pytest.raises(ContentDigestWrong):
            await scene.upload(scene.acme.source, SOUND, digests=wrong)
    assert nothing_kept(scene)

    receipt = await scene.upload(scene.acme.source, SOUND, digests={"sha256": sha256, "sha512": sha512})
    assert receipt.sha256 == sha256.hex()


async def test_an_empty_upload_is_refused(scene: Scene) -> None:
    """A hook whose path was empty hears of it, also when the body comes in empty pieces."""

    async def empty_pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b""

    for body in (body_of(b""), empty_pieces()):
        with pytest.raises(EmptyRecording):
            await seal_body(scene, body)
    assert nothing_kept(scene)


async def test_the_limit_is_exact(scene: Scene) -> None:
    """A recording of the limit is taken, one byte more is not."""
    limited = scene.over(scene.parts.but(policy=replace(scene.parts.policy, recording_bytes_limit=100_000)))

    assert (await limited.upload(scene.acme.source, bytes(100_000))).bytes == 100_000
    with pytest.raises(RecordingTooLarge):
        await limited.upload(scene.acme.source, bytes(100_001))
    assert len(limited.parts.blobs.blobs) == 1


async def test_a_cut_upload_leaves_nothing(scene: Scene) -> None:
    """A body that ends in an error is refused by it, and nothing is half-kept."""

    async def cut() -> AsyncIterator[bytes]:
        yield SOUND
        raise UploadCut("the connection ended")

    with pytest.raises(UploadCut):
        await seal_body(scene, cut())
    assert nothing_kept(scene)


@pytest.mark.parametrize(
    "error", [LogUnavailable("no disk"), DatabaseUnavailable("gone"), StorageFull("full"), OSError("worse")]
)
async def test_a_failed_commit_leaves_nothing(scene: Scene, error: Exception) -> None:
    """Without its entry a recording is not kept, and the error is the one that happened."""
    scene.parts.database.fail_commit_with(error, once=True)

    with pytest.raises(type(error)):
        await scene.upload(scene.acme.source, SOUND)
    assert nothing_kept(scene)


async def test_a_failed_commit_may_come_back(scene: Scene) -> None:
    """While nothing can be committed the payload stays: a crash may bring the failed commit back."""
    scene.parts.database.fail_commit_with(LogUnavailable("no disk"))

    with pytest.raises(LogUnavailable):
        await scene.upload(scene.acme.source, SOUND)

    assert len(scene.parts.blobs.blobs) == 1


class StubbornBlobs(MemoryBlobs):
    """A store that deletes nothing."""

    async def delete(self, key: BlobKey) -> None:
        """Fail."""
        raise StoreUnavailable(f"blob {key} may still be there")


async def test_trouble_in_clearing_up_hides_nothing(scene: Scene) -> None:
    """When even the blob can't be removed, the first error is told, and a duplicate has its receipt."""
    stubborn = scene.over(scene.parts.but(blobs=StubbornBlobs()))
    first = await stubborn.upload(scene.acme.source, SOUND, CALL)

    assert await stubborn.upload(scene.acme.source, SOUND, CALL) == replace(first, created=False)
    stubborn.parts.database.fail_commit_with(LogUnavailable("no disk"))
    with pytest.raises(LogUnavailable):
        await stubborn.upload(scene.acme.source, b"other")


async def test_no_room_no_receipt(scene: Scene) -> None:
    """A store that is full or down refuses, and nothing is half-kept."""
    scene.parts.blobs.room_bytes = 1000
    with pytest.raises(StorageFull):
        await scene.upload(scene.acme.source, SOUND)
    scene.parts.blobs.room_bytes, scene.parts.blobs.down = None, True
    with pytest.raises(StoreUnavailable):
        await scene.upload(scene.acme.source, SOUND)
    scene.parts.blobs.down = False
    assert nothing_kept(scene)


async def test_lost_slots_no_receipt(scene: Scene) -> None:
    """While no slot can be had, nothing is taken, and nothing is half-kept."""
    scene.parts.slots.down = True
    with pytest.raises(SlotsUnavailable):
        await scene.upload(scene.acme.source, SOUND)
    assert nothing_kept(scene)


async def test_cancelled_in_the_body(scene: Scene) -> None:
    """An upload cancelled half-way leaves nothing."""
    waiting = asyncio.Event()

    async def stalled() -> AsyncIterator[bytes]:
        yield bytes(3_000_000)
        waiting.set()
        await asyncio.Event().wait()

    async with aclosing(stalled()) as body:  # type: ignore[type-var]  # an async generator
        upload = asyncio.create_task(seal_body(scene, body))
        await waiting.wait()
        upload.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upload
    assert nothing_kept(scene)


async def test_cancelled_while_the_disk_writes(scene: Scene) -> None:
    """Cancelled once its row is on its way to the disk, a recording is whole: a retry's receipt is true."""
    scene.parts.database.hold_commits()
    upload = asyncio.create_task(scene.upload(scene.acme.source, SOUND, CALL))
    await scene.parts.database.until_stuck(upload)
    upload.cancel()
    with pytest.raises(asyncio.CancelledError):
        await upload
    scene.parts.database.release_commits()

    receipt = await scene.upload(scene.acme.source, SOUND, CALL)

    assert not receipt.created
    opened = await open_recording(scene.vault, await scene.visitor(scene.acme), receipt.recording)
    assert await read_all(opened) == SOUND


async def test_no_receipt_for_what_is_not_durable(scene: Scene) -> None:
    """The same upload again waits for the first one's disk; if that fails, neither has a receipt."""
    scene.parts.database.hold_commits()
    uploads = [asyncio.create_task(scene.upload(scene.acme.source, SOUND, CALL)) for _ in range(2)]
    await scene.parts.database.until_stuck(*uploads)
    assert not any(upload.done() for upload in uploads)
    scene.parts.database.release_commits(LogUnavailable("no disk"))

    outcomes = await asyncio.gather(*uploads, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [LogUnavailable] * 2
    assert nothing_kept(scene)
