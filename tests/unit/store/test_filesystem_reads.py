"""Reading blobs of a disk, listing them, and telling the blob folder from the place where it should be."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import threading
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vault.domain.names import BlobKey, new_id
from vault.errors import StoreUnavailable
from vault.store.filesystem import FilesystemBlobs
from vault.store.folders import MARKER

MIB = 1 << 20
SIZE = 6 * MIB + 5


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    """Yield the parts."""
    for part in parts:
        yield part


@pytest.fixture
async def blob(store: FilesystemBlobs) -> BlobKey:
    """Return the key of a blob of several pieces."""
    blob = BlobKey(new_id())
    await store.put(blob, pieces(bytes(SIZE)))
    return blob


def descriptors_of(blob: BlobKey) -> int:
    """Count the open descriptors of the blob's file, deleted or not."""
    found = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            found += blob in str(descriptor.readlink())
        except FileNotFoundError:
            continue
    return found


def names(folder: Path) -> list[str]:
    """Return what lies in a folder."""
    return sorted(os.listdir(folder))  # noqa: PTH208  # names, no paths


def modes(root: Path) -> list[int]:
    """Return the modes of a folder and everything in it."""
    return [path.stat().st_mode for path in [root, *root.rglob("*")]]


async def test_a_reader_closed_early_lets_go_of_the_file(store: FilesystemBlobs, blob: BlobKey) -> None:
    """A customer who hangs up costs no descriptor, wherever it was."""
    for wanted in range(7):
        async with aclosing(store.read(blob, 0, SIZE)) as reading:
            for _ in range(wanted):
                await anext(reading)
        assert descriptors_of(blob) == 0


async def test_a_file_is_not_closed_under_its_reader(
    store: FilesystemBlobs, blob: BlobKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closing waits for the piece read ahead: its descriptor might be another file's the moment after."""
    begun, go_on, real = threading.Event(), threading.Event(), os.pread

    def slow(descriptor: int, size: int, offset: int) -> bytes:
        if offset:
            begun.set()
            assert go_on.wait(30)
        return real(descriptor, size, offset)

    monkeypatch.setattr(os, "pread", slow)
    reading = store.read(blob, 0, SIZE)
    await anext(reading)
    await asyncio.to_thread(begun.wait, 30)
    closing = asyncio.ensure_future(reading.aclose())
    await asyncio.wait([closing], timeout=0)
    assert descriptors_of(blob) == 1
    assert not closing.done()
    go_on.set()
    await closing
    assert descriptors_of(blob) == 0


async def test_a_reader_read_to_its_end_lets_go_of_the_file(store: FilesystemBlobs, blob: BlobKey) -> None:
    """The last piece closes the file, before anybody closes the reader."""
    reading = store.read(blob, MIB, SIZE - MIB)
    for _ in range(6):
        await anext(reading)
    assert descriptors_of(blob) == 0
    await reading.aclose()


async def test_a_cancelled_reader_lets_go_of_the_file(store: FilesystemBlobs, blob: BlobKey) -> None:
    """Cancelled at a random step, twice now and then, a reader closes once its thread is done."""
    dice = random.Random(11)  # noqa: S311  # dice that fall alike in every run

    async def read_all() -> None:
        async with aclosing(store.read(blob, 0, SIZE)) as reading:
            async for _ in reading:
                await asyncio.sleep(0)

    for _ in range(100):
        reading = asyncio.create_task(read_all())
        for _ in range(dice.randrange(10)):
            await asyncio.sleep(0)
        reading.cancel()
        if dice.random() < 0.5:
            await asyncio.sleep(0)
            reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        assert descriptors_of(blob) == 0


async def test_a_forgotten_reader_lets_go_of_the_file(store: FilesystemBlobs, blob: BlobKey) -> None:
    """A reader that nobody closes is closed when it is forgotten."""
    async for _ in store.read(blob, 0, SIZE):
        break
    gc.collect()
    await asyncio.sleep(0)  # the loop hears of it in its next turn, and closes it in a task of its own
    closing = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    await asyncio.gather(*closing)
    assert descriptors_of(blob) == 0


async def test_a_failed_reader_lets_go_of_the_file(store: FilesystemBlobs, blob: BlobKey) -> None:
    """A blob that ends early closes its file too."""
    with pytest.raises(StoreUnavailable, match="ends early"):
        async for _ in store.read(blob, 0, SIZE + 1):
            pass
    assert descriptors_of(blob) == 0


async def test_a_read_that_comes_in_parts_is_put_together(
    store: FilesystemBlobs, blob: BlobKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file system that gives fewer bytes than asked is asked again."""
    real = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, size, offset: real(fd, min(size, 300_001), offset))
    sizes = [len(piece) async for piece in store.read(blob, 3, 2 * MIB)]
    assert sum(sizes) == 2 * MIB
    assert max(sizes) <= MIB


async def test_a_link_in_place_of_a_blob_is_not_followed(
    store: FilesystemBlobs, root: Path, tmp_path: Path
) -> None:
    """Whoever can write to the folder still can't make the vault read or write elsewhere."""
    blob, secret = BlobKey(new_id()), tmp_path / "secret"
    secret.write_bytes(b"secret")
    (root / blob[:2]).mkdir()
    (root / blob[:2] / blob).symlink_to(secret)
    with pytest.raises(StoreUnavailable):
        async for _ in store.read(blob, 0, 6):
            pass
    await store.delete(blob)
    assert secret.read_bytes() == b"secret"


async def test_a_deleted_blob_is_still_read_to_its_end(store: FilesystemBlobs, blob: BlobKey) -> None:
    """A reader that has begun is not cut by the deletion; its descriptor goes with it."""
    size = 0
    async for piece in store.read(blob, 0, SIZE):
        size += len(piece)
        await store.delete(blob)
    assert size == SIZE
    assert descriptors_of(blob) == 0


async def test_the_sweep_passes_over_what_is_not_ours(
    store: FilesystemBlobs, root: Path, blob: BlobKey
) -> None:
    """Other files, folders, keys in the wrong folder and stray suffixes are neither listed nor an error."""
    (root / "lost+found").mkdir()
    (root / "zz").write_bytes(b"a file where a folder should be")
    folder = root / blob[:2]
    for name in (
        ".DS_Store",
        f"{blob}.part.part",
        f"{blob}.bak",
        blob.upper(),
        "00" * 10 if blob[:2] != "00" else "11" * 10,
    ):
        (folder / name).write_bytes(b"x")
    assert [found async for found in store.keys(older_than=datetime.now(UTC) + timedelta(1))] == [blob]


async def test_age_is_when_it_was_last_written(store: FilesystemBlobs, root: Path, blob: BlobKey) -> None:
    """An upload that still grows is young, however long ago it began; the moment itself is not older."""
    written = datetime.fromtimestamp(1_800_000_000, UTC)
    os.utime(root / blob[:2] / blob, times=(0, written.timestamp()))
    assert [found async for found in store.keys(older_than=written)] == []
    assert [found async for found in store.keys(older_than=written + timedelta(seconds=1))] == [blob]


async def test_a_folder_that_was_never_made_is_no_store(tmp_path: Path) -> None:
    """An empty mount point takes no recording and proves no deletion."""
    store = FilesystemBlobs(tmp_path, reserve_bytes=0)
    with pytest.raises(StoreUnavailable, match="is its disk mounted"):
        await store.put(BlobKey(new_id()), pieces(b"x"))
    with pytest.raises(StoreUnavailable, match="is its disk mounted"):
        await store.delete(BlobKey(new_id()))
    assert names(tmp_path) == []


async def test_making_a_store_again_keeps_what_is_in_it(
    store: FilesystemBlobs, root: Path, blob: BlobKey
) -> None:
    """`init` may be run again after a crash."""
    store.create()
    FilesystemBlobs(root).create()
    assert [found async for found in store.keys(older_than=datetime.now(UTC) + timedelta(1))] == [blob]
    assert (root / MARKER).read_bytes()


async def test_nobody_else_may_look(store: FilesystemBlobs, root: Path, blob: BlobKey) -> None:
    """Folders and files are for the service's account alone."""
    assert {mode & 0o077 for mode in modes(root)} == {0}


async def test_a_folder_that_takes_no_file_fails_the_check(store: FilesystemBlobs, root: Path) -> None:
    """A store that could not take a recording is not ready; where the probe lies, nothing can be made."""
    (root / f"probe.{os.getpid()}").mkdir()
    with pytest.raises(StoreUnavailable, match="takes no file"):
        await store.check()
