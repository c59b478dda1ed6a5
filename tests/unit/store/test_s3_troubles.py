"""An object store that throttles, resets, stalls, drips, denies or loses answers: nothing lost or half-kept.

The bucket keeps versions; what is left in it is told by listing versions, delete markers and uploads.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest

from tests.contract.blobs.steps import MIB, content, every_key, failing, key, pieces, read, stalled
from tests.harness.aws import Aws
from tests.harness.tcp_proxy import TcpProxy, proxying
from vault.domain.names import BlobKey, new_id
from vault.errors import StorageFull, StoreUnavailable
from vault.store.s3 import S3Blobs, parse_location
from vault.store.s3.bucket import Patience

BRISK = Patience(connect_seconds=1, answer_seconds=1, attempts=2)
LARGE = content(11 * MIB)
SMALL = content(100_000)


@dataclass
class Scene:
    """A store that reaches its bucket through a proxy."""

    aws: Aws
    proxy: TcpProxy
    bucket: str
    store: S3Blobs

    def left(self) -> list[str]:
        """What a listing shows, asked for directly."""
        return self.aws.leftovers(self.bucket)


@pytest.fixture
def scene(aws: Aws) -> Iterator[Scene]:
    """A fresh bucket that keeps versions."""
    bucket = aws.bucket(new_id())
    with proxying("127.0.0.1", aws.port) as proxy:
        location = parse_location(f"//{bucket}/blobs?endpoint=http://{proxy.address}")
        store = S3Blobs(location, working=BRISK, asking=BRISK)
        yield Scene(aws, proxy, bucket, store)
        store.close()


async def whole(store: S3Blobs, blob: BlobKey, stored: bytes) -> bool:
    """Say whether the blob reads as it was stored."""
    return await read(store, blob, 0, len(stored)) == stored


@pytest.mark.parametrize("stored", [SMALL, LARGE], ids=["small", "large"])
async def test_one_throttled_request_is_not_noticed(scene: Scene, stored: bytes) -> None:
    """A 503 SlowDown to an upload, a reading and a deletion is tried again."""
    blob = key()
    await scene.store.examine()
    scene.aws.answers(503, "SlowDown", method="PUT")
    await scene.store.put(blob, pieces(stored))
    scene.aws.answers(503, "SlowDown", method="GET")
    assert await whole(scene.store, blob, stored)
    scene.aws.answers(503, "SlowDown", method="DELETE")
    await scene.store.delete(blob)
    assert scene.left() == []


@pytest.mark.parametrize("stored", [SMALL, LARGE], ids=["small", "large"])
async def test_throttling_without_end_leaves_nothing(scene: Scene, stored: bytes) -> None:
    """An upload that is given up says so, leaves nothing, and can be made again."""
    blob = key()
    scene.aws.answers(503, "SlowDown", method="PUT", times=100)
    with pytest.raises(StoreUnavailable, match="SlowDown"):
        await scene.store.put(blob, pieces(stored))
    scene.aws.calm()
    assert scene.left() == []
    await scene.store.put(blob, pieces(stored))
    assert await whole(scene.store, blob, stored)


@pytest.mark.parametrize(
    ("stored", "method", "contains"),
    [
        (SMALL, "PUT", ""),
        (LARGE, "POST", "uploads"),
        (LARGE, "PUT", "partNumber=2"),
        (LARGE, "POST", "uploadId"),
    ],
    ids=["small", "begin", "part", "complete"],
)
async def test_a_lost_answer_is_no_failure(scene: Scene, stored: bytes, method: str, contains: str) -> None:
    """The object was made, the answer lost: the second attempt is told «exists» and knows it as its own."""
    blob = key()
    await scene.store.examine()
    scene.aws.loses(method=method, contains=contains)
    await scene.store.put(blob, pieces(stored))
    assert scene.aws.calm() == []
    assert await whole(scene.store, blob, stored)
    assert await every_key(scene.store) == [blob]
    await scene.store.delete(blob)
    assert scene.left() == []


async def test_answers_lost_for_good_leave_no_object(scene: Scene) -> None:
    """An upload whose every answer was lost is refused, and what it made is removed."""
    await scene.store.examine()
    scene.aws.loses(method="PUT", times=2)
    with pytest.raises(StoreUnavailable):
        await scene.store.put(key(), pieces(SMALL))
    assert scene.left() == []


async def test_a_collection_goes_on_where_it_was_reset(scene: Scene) -> None:
    """The connection breaks again and again; the reader gets every byte once."""
    blob = key()
    await scene.store.put(blob, pieces(LARGE))
    before, got = scene.proxy.accepted, bytearray()
    async for piece in scene.store.read(blob, 0, len(LARGE)):
        got += piece
        if len(got) % 3 == 0:
            scene.proxy.reset()
    assert got == LARGE
    assert scene.proxy.accepted > before + 2


async def test_a_broken_reading_never_looks_whole(scene: Scene) -> None:
    """When every connection breaks, the reader is told; the blob is not called missing."""
    blob = key()
    await scene.store.put(blob, pieces(SMALL))
    scene.proxy.reset_after(1000, towards="client")
    with pytest.raises(StoreUnavailable):
        await read(scene.store, blob, 0, len(SMALL))
    scene.proxy.forward()
    assert await whole(scene.store, blob, SMALL)


@pytest.mark.parametrize("trouble", ["stall", "refuse"])
async def test_a_store_that_is_stalled_or_away_is_given_up(scene: Scene, trouble: str) -> None:
    """Each call ends as unavailable, readiness too; what is stored stays, and all is well once it is back."""
    blob = key()
    await scene.store.put(blob, pieces(SMALL))
    getattr(scene.proxy, trouble)()
    outcomes = await asyncio.gather(
        scene.store.put(key(), pieces(SMALL)),
        read(scene.store, blob, 0, 10),
        scene.store.delete(blob),
        scene.store.check(),
        every_key(scene.store),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [StoreUnavailable] * 5
    scene.proxy.forward()
    assert await whole(scene.store, blob, SMALL)
    await scene.store.check()


async def test_a_slow_store_is_only_slow(scene: Scene) -> None:
    """Bytes that drip in both directions still make a blob, and a blob of them."""
    blob, stored = key(), content(3000)
    await scene.store.examine()
    scene.proxy.drip(bytes_per_second=40_000)
    await scene.store.put(blob, pieces(stored))
    assert await whole(scene.store, blob, stored)


async def test_a_large_upload_that_breaks_leaves_no_parts(scene: Scene) -> None:
    """A PBX that hangs up in the middle of a large recording leaves no unfinished upload to be paid for."""
    with pytest.raises(RuntimeError):
        await scene.store.put(key(), failing(LARGE, error=RuntimeError("cut")))
    assert scene.left() == []


async def test_a_cancelled_large_upload_leaves_no_parts(scene: Scene) -> None:
    """A request that is cancelled with parts on their way waits for them and aborts the upload."""
    started = asyncio.Event()
    putting = asyncio.create_task(scene.store.put(key(), stalled(started, LARGE)))
    await started.wait()
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    assert scene.left() == []


async def test_a_deletion_takes_versions_markers_and_uploads(scene: Scene) -> None:
    """Whatever somebody did to the object by other means, nothing of it stays, and its neighbours do."""
    blob, neighbour = key(), key()
    for each in (blob, neighbour):
        await scene.store.put(each, pieces(SMALL))
    name, s3 = f"blobs/{blob}", scene.aws.s3
    s3.put_object(Bucket=scene.bucket, Key=name, Body=b"overwritten")
    s3.delete_object(Bucket=scene.bucket, Key=name)
    for _ in range(2):
        s3.create_multipart_upload(Bucket=scene.bucket, Key=name)

    await scene.store.delete(blob)

    assert scene.left() == [f"version blobs/{neighbour}"]


@pytest.mark.parametrize("contains", ["versions", "uploads", "versionId"])
async def test_a_deletion_that_is_denied_is_not_done(scene: Scene, contains: str) -> None:
    """Denied listings and deletions say which permissions are missing, and never pass for «gone»."""
    blob = key()
    await scene.store.put(blob, pieces(SMALL))
    scene.aws.answers(403, "AccessDenied", contains=contains, times=100)
    with pytest.raises(StoreUnavailable, match="s3:DeleteObjectVersion"):
        await scene.store.delete(blob)
    scene.aws.calm()
    assert await whole(scene.store, blob, SMALL)


async def test_only_old_versions_are_still_swept(scene: Scene) -> None:
    """A blob hidden by a delete marker is listed for the sweep, once, and removed by it."""
    blob = key()
    await scene.store.put(blob, pieces(SMALL))
    scene.aws.s3.delete_object(Bucket=scene.bucket, Key=f"blobs/{blob}")
    assert await every_key(scene.store) == [blob]
    await scene.store.delete(blob)
    assert scene.left() == []


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (403, "AccessDenied", StoreUnavailable),
        (403, "InvalidAccessKeyId", StoreUnavailable),
        (403, "SignatureDoesNotMatch", StoreUnavailable),
        (404, "NoSuchBucket", StoreUnavailable),
        (507, "XMinioStorageFull", StorageFull),
    ],
)
async def test_a_refusal_is_told_without_secrets(
    scene: Scene, status: int, code: str, error: type[Exception]
) -> None:
    """The message says what to look at; neither key nor signature nor address of the request is in it."""
    await scene.store.examine()
    scene.aws.answers(status, code, method="PUT", times=5)
    with pytest.raises(error) as raised:
        await scene.store.put(key(), pieces(SMALL))
    assert not {"tests", "not-a-secret", "http"} & set(str(raised.value).replace(":", " ").split())


async def test_memory_stays_bounded(scene: Scene) -> None:
    """A source that is faster than the store waits: no more than three parts of an upload are in memory."""
    taken = 0

    async def eager() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(64):
            taken += MIB
            yield bytes(MIB)

    await scene.store.examine()
    scene.proxy.stall()
    with pytest.raises(StoreUnavailable):
        await scene.store.put(key(), eager())
    assert taken <= 16 * MIB
