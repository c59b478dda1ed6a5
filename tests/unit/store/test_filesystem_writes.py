"""Blobs on a disk: durable when they are said to be, and not a trace of one that was not finished."""

from __future__ import annotations

import asyncio
import errno
import os
import random
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vault.domain.names import BlobKey, new_id
from vault.errors import BlobExists, StoreUnavailable
from vault.store.filesystem import FilesystemBlobs
from vault.store.folders import MARKER

MIB = 1 << 20
ROOT_OF_PROJECT = Path(__file__).parents[3]


def key() -> BlobKey:
    """Return a fresh key."""
    return BlobKey(new_id())


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    """Yield the parts."""
    for part in parts:
        yield part


def files(root: Path) -> list[Path]:
    """Return all files but the marker."""
    return sorted(path for path in root.rglob("*") if path.is_file() and path.name != MARKER)


class Disk:
    """Notes what is synced, and fails the sync of what the test names."""

    def __init__(self) -> None:
        self.synced: list[Path] = []
        self.fails_at: Callable[[Path], bool] = lambda _path: False
        self._fsync = os.fsync

    def fsync(self, descriptor: int) -> None:
        """Stand in for `os.fsync`."""
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if self.fails_at(path):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self._fsync(descriptor)
        self.synced.append(path)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """Return the disk under `os.fsync`."""
    disk = Disk()
    monkeypatch.setattr(os, "fsync", disk.fsync)
    return disk


async def test_a_stored_blob_is_synced_with_every_name_on_its_way(
    store: FilesystemBlobs, root: Path, disk: Disk
) -> None:
    """When put returns, the file, its folder and the root are on disk, under the final name."""
    blob = key()
    await store.put(blob, pieces(b"x"))
    assert disk.synced == [root / blob[:2] / blob, root / blob[:2], root]


async def test_a_folder_known_as_durable_costs_no_sync(
    store: FilesystemBlobs, root: Path, disk: Disk
) -> None:
    """The second blob of a folder needs two syncs, its own and the folder's."""
    first = key()
    second = BlobKey(first[:2] + new_id()[2:])
    await store.put(first, pieces(b"x"))
    disk.synced.clear()
    await store.put(second, pieces(b"x"))
    assert disk.synced == [root / second[:2] / second, root / second[:2]]


async def test_a_folder_made_by_another_is_synced_all_the_same(
    store: FilesystemBlobs, root: Path, disk: Disk
) -> None:
    """A folder that is there may have been made a moment ago by a put that has not synced it yet."""
    blob = key()
    (root / blob[:2]).mkdir()
    await store.put(blob, pieces(b"x"))
    assert root in disk.synced


@pytest.mark.parametrize("depth", [0, 1, 2], ids=["file", "folder", "root"])
async def test_a_sync_that_fails_is_no_success(
    store: FilesystemBlobs, root: Path, disk: Disk, depth: int
) -> None:
    """An I/O error at any sync fails the put, and leaves nothing that could be taken for stored."""
    blob = key()
    disk.fails_at = lambda path: path == [root / blob[:2] / blob, root / blob[:2], root][depth]
    with pytest.raises(
        StoreUnavailable, match=f"blob {blob} can't be finished: Input/output error"
    ) as raised:
        await store.put(blob, pieces(b"x"))
    assert str(root) not in str(raised.value)
    assert files(root) == []


async def test_a_deletion_is_synced_even_if_nothing_was_there(
    store: FilesystemBlobs, root: Path, disk: Disk
) -> None:
    """An earlier deletion may have stopped between unlink and sync; the retry finishes it."""
    blob = key()
    await store.put(blob, pieces(b"x"))
    (root / blob[:2] / blob).unlink()
    disk.synced.clear()
    await store.delete(blob)
    assert disk.synced == [root / blob[:2]]


async def test_a_deletion_that_can_not_be_synced_is_no_success(
    store: FilesystemBlobs, root: Path, disk: Disk
) -> None:
    """After a power cut the blob might be back, so nobody is told that it is gone."""
    blob = key()
    await store.put(blob, pieces(b"x"))
    disk.fails_at = lambda path: path == root / blob[:2]
    with pytest.raises(StoreUnavailable):
        await store.delete(blob)


async def test_a_blob_that_survives_its_deletion_is_noticed(
    store: FilesystemBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Absence is looked at, not concluded."""
    blob = key()
    await store.put(blob, pieces(b"x"))
    monkeypatch.setattr(Path, "unlink", lambda *_args, **_named: None)
    with pytest.raises(StoreUnavailable, match="still there"):
        await store.delete(blob)


async def test_cancelled_at_any_moment_a_put_leaves_nothing_or_ends(
    store: FilesystemBlobs, root: Path
) -> None:
    """A hundred cancellations at random steps, some of them twice: never half a file, never a mix-up."""
    dice = random.Random(7)  # noqa: S311  # dice that fall alike in every run
    for _ in range(100):
        blob = key()
        putting = asyncio.create_task(store.put(blob, pieces(*[b"x" * 300_000] * 3)))
        for _ in range(dice.randrange(12)):
            await asyncio.sleep(0)
            await asyncio.wait([putting], timeout=dice.random() / 2000)
        putting.cancel()
        if dice.random() < 0.5:
            await asyncio.sleep(0)
            putting.cancel()
        outcome = (await asyncio.gather(putting, return_exceptions=True))[0]
        assert (outcome is None) == (files(root) != [])
        assert {path.name for path in files(root)} <= {blob}
        await store.delete(blob)


async def test_a_put_that_lost_its_file_is_no_success(store: FilesystemBlobs, root: Path) -> None:
    """Deleted while it comes in, a blob is not acknowledged."""
    blob = key()

    async def deleted_meanwhile() -> AsyncIterator[bytes]:
        yield bytes(MIB)
        await store.delete(blob)
        yield b"second"

    with pytest.raises(StoreUnavailable):
        await store.put(blob, deleted_meanwhile())
    assert files(root) == []


async def test_a_refused_put_leaves_the_others_file_alone(store: FilesystemBlobs, root: Path) -> None:
    """Whoever comes second removes neither a finished blob nor one that is being written."""
    blob = key()
    (root / blob[:2]).mkdir()
    unfinished = root / blob[:2] / f"{blob}.part"
    unfinished.write_bytes(b"another's")
    with pytest.raises(BlobExists):
        await store.put(blob, pieces(b"x"))
    assert files(root) == [unfinished]


WRITER = """
import asyncio, sys
from pathlib import Path
from vault.domain.names import BlobKey, new_id
from vault.store.filesystem import FilesystemBlobs

async def forever():
    yield b"x" * (1 << 20)
    print("begun", flush=True)
    while True:
        yield b"x" * (1 << 20)
        await asyncio.sleep(0.001)

async def main():
    store = FilesystemBlobs(Path(sys.argv[1]), reserve_bytes=0)
    await asyncio.gather(*(store.put(BlobKey(new_id()), forever()) for _ in range(4)))

asyncio.run(main())
"""


def kill_a_writer(root: Path) -> None:
    """Let four uploads begin in a process of their own, and kill it."""
    command = [sys.executable, "-c", WRITER, str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT_OF_PROJECT) as writer:
        assert writer.stdout is not None
        assert [writer.stdout.readline() for _ in range(4)] == [b"begun\n"] * 4
        writer.kill()


async def test_a_killed_writer_leaves_only_what_the_sweep_knows(store: FilesystemBlobs, root: Path) -> None:
    """After kill -9 only unfinished names are there; the sweep lists them all and can remove them."""
    kill_a_writer(root)
    left = files(root)
    assert len(left) == 4
    assert {path.suffix for path in left} == {".part"}
    swept = [blob async for blob in store.keys(older_than=datetime.now(UTC) + timedelta(hours=1))]
    assert sorted(swept) == sorted(path.stem for path in left)
    for blob in swept:
        await store.delete(blob)
    assert files(root) == []


async def test_no_file_is_touched_on_the_loop(
    store: FilesystemBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that hangs for seconds must not hang everybody's calls: all file work is on threads."""
    on_the_loop: list[str] = []
    loop_thread = threading.get_ident()
    for name in (
        "open",
        "write",
        "pread",
        "fsync",
        "close",
        "rename",
        "unlink",
        "scandir",
        "mkdir",
        "statvfs",
    ):
        real = getattr(os, name)

        def watched(
            *args: object, _real: Callable[..., object] = real, _name: str = name, **named: object
        ) -> object:
            if threading.get_ident() == loop_thread:
                on_the_loop.append(_name)
            return _real(*args, **named)

        monkeypatch.setattr(os, name, watched)
    blob = key()
    await store.put(blob, pieces(b"x" * MIB, b"y"))
    assert b"".join([piece async for piece in store.read(blob, 0, MIB + 1)]) == b"x" * MIB + b"y"
    async for _ in store.read(blob, 0, MIB + 1):
        break
    assert [found async for found in store.keys(older_than=datetime.now(UTC) + timedelta(1))] == [blob]
    await store.check()
    await store.delete(blob)
    assert on_the_loop == []


async def test_memory_stays_flat_whatever_the_size(store: FilesystemBlobs) -> None:
    """256 MiB go through, and come back, in a few pieces of memory."""
    blob, piece = key(), bytes(MIB)
    await store.put(blob, pieces(*[piece] * 256))
    tracemalloc.start()
    try:
        size = 0
        async for got in store.read(blob, 0, 256 * MIB):
            size += len(got)
        _, peak_reading = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        await store.delete(blob)
        await store.put(blob, pieces(*[piece] * 256))
        _, peak_writing = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size == 256 * MIB
    assert peak_reading < 8 * MIB
    assert peak_writing < 8 * MIB
