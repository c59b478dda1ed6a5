"""A full disk: a clear error, nothing half-kept, and a reserve that recordings never take."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from vault.domain.names import BlobKey, new_id
from vault.errors import StorageFull
from vault.store.filesystem import FilesystemBlobs
from vault.store.space import Reserve

MIB = 1 << 20
GIB = 1 << 30
ROOT_OF_PROJECT = Path(__file__).parents[3]


def key() -> BlobKey:
    """Return a fresh key."""
    return BlobKey(new_id())


def free_bytes(folder: Path) -> int:
    """Return what is free there."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def store_at(folder: Path, *, reserve_bytes: int | None) -> FilesystemBlobs:
    """Return a new store."""
    store = FilesystemBlobs(folder / "blobs", reserve_bytes=reserve_bytes)
    store.create()
    return store


def leave_one_name(disk: Path) -> None:
    """Leave room for one more file or folder on a small disk."""
    now = os.statvfs(disk)
    names = now.f_files - now.f_ffree + 1
    subprocess.run(["mount", "-o", f"remount,nr_inodes={names}", disk], check=True)


class Endless:
    """Pieces without end; counts how many were asked for."""

    def __init__(self, size: int = MIB // 4) -> None:
        self.asked = 0
        self._piece = bytes(size)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield them."""
        while True:
            self.asked += 1
            yield self._piece


async def test_a_full_disk_is_said_so_and_keeps_nothing(small_disk: Path) -> None:
    """The kernel's own «no space left», in the middle of a piece, frees what the upload took."""
    store = store_at(small_disk, reserve_bytes=0)
    before = free_bytes(small_disk)
    with pytest.raises(StorageFull) as raised:
        await store.put(key(), aiter(Endless(MIB * 3 // 5)))
    assert str(small_disk) not in str(raised.value)
    assert before - free_bytes(small_disk) <= 4096  # the two-letter folder
    await store.put(key(), only(bytes(5 * MIB)))


async def test_a_disk_without_names_left_is_full(small_disk: Path) -> None:
    """Out of inodes is full as well."""
    store = store_at(small_disk, reserve_bytes=0)
    leave_one_name(small_disk)  # the two-letter folder fits, the file doesn't
    with pytest.raises(StorageFull):
        await store.put(key(), only(b"x"))


async def test_the_reserve_stays_free(small_disk: Path) -> None:
    """An upload that would take the reserve is stopped on the way, and the next one before it begins."""
    store = store_at(small_disk, reserve_bytes=3 * MIB)
    first, second = Endless(), Endless()
    with pytest.raises(StorageFull):
        await store.put(key(), aiter(first))
    assert 15 <= first.asked <= 20  # five of eight MiB
    await store.put(key(), only(bytes(4 * MIB + 700_000)))
    with pytest.raises(StorageFull):
        await store.put(key(), aiter(second))
    assert second.asked <= 2
    assert free_bytes(small_disk) >= 3 * MIB


async def test_a_full_store_is_not_ready_but_reads_and_deletes(small_disk: Path) -> None:
    """Below the reserve nothing is taken in, and everything goes out."""
    roomy, strict = (
        store_at(small_disk, reserve_bytes=0),
        FilesystemBlobs(small_disk / "blobs", reserve_bytes=6 * MIB),
    )
    blob = key()
    await strict.check()
    await roomy.put(blob, only(bytes(4 * MIB)))
    with pytest.raises(StorageFull):
        await strict.check()
    assert sum([len(piece) async for piece in strict.read(blob, 0, 4 * MIB)]) == 4 * MIB
    await strict.delete(blob)
    await strict.check()


async def test_unstated_the_reserve_fits_the_disk(small_disk: Path) -> None:
    """Without a setting a small disk keeps a sixteenth and is usable."""
    assert Reserve().bytes_of(os.statvfs(small_disk)) == 8 * MIB // 16
    store = store_at(small_disk, reserve_bytes=None)
    await store.put(key(), only(bytes(7 * MIB)))
    with pytest.raises(StorageFull):
        await store.put(key(), only(bytes(MIB)))


@pytest.mark.parametrize(
    ("disk_bytes", "reserve_bytes"), [(4 * GIB, 256 * MIB), (1000 * GIB, 256 * MIB), (GIB, 64 * MIB)]
)
def test_unstated_the_reserve_is_256_mib_at_most(disk_bytes: int, reserve_bytes: int) -> None:
    """The sixteenth of a big disk would be a waste."""
    disk = os.statvfs_result((4096, 4096, disk_bytes // 4096, 0, 0, 0, 0, 0, 0, 255))
    assert Reserve().bytes_of(disk) == reserve_bytes


def test_a_stated_reserve_is_taken_by_its_word() -> None:
    """An operator who knows better is believed, in both directions."""
    disk = os.statvfs_result((4096, 4096, 100, 0, 0, 0, 0, 0, 0, 255))
    assert [Reserve(wanted).bytes_of(disk) for wanted in (0, GIB)] == [0, GIB]


LIMITED = """
import asyncio, resource, sys
from pathlib import Path
from vault.domain.names import BlobKey, new_id
from vault.errors import StorageFull
from vault.store.filesystem import FilesystemBlobs

resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, 1_500_000))

async def pieces():
    yield b"x" * (2 << 20)

store = FilesystemBlobs(Path(sys.argv[1]), reserve_bytes=0)
try:
    asyncio.run(store.put(BlobKey(new_id()), pieces()))
except StorageFull:
    print("full")
"""


def test_a_write_cut_short_is_no_success(store: FilesystemBlobs, root: Path) -> None:
    """The kernel takes a part of a piece and refuses the rest: nothing of it stays."""
    child = subprocess.run(
        [sys.executable, "-c", LIMITED, root], capture_output=True, check=True, cwd=ROOT_OF_PROJECT
    )
    assert child.stdout == b"full\n"
    assert [path for path in root.rglob("*") if path.is_file()] == [root / "callvault.blobs"]


async def only(piece: bytes) -> AsyncIterator[bytes]:
    """Yield one piece."""
    yield piece
