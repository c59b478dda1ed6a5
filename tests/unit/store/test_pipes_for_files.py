"""A pipe, folder or device that lies where a file should: an error at once, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from keys.errors import SlotsUnavailable
from keys.slots import SlotFile
from vault.domain.names import BlobKey, new_id
from vault.errors import StoreUnavailable
from vault.store.filesystem import FilesystemBlobs

READERS = 20  # more than the store has threads


def link_to_a_device(path: Path) -> None:
    """Make a link to what never ends."""
    path.symlink_to("/dev/zero")


in_its_place = pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, link_to_a_device])


async def sound() -> AsyncIterator[bytes]:
    """Yield a payload."""
    yield b"sound"


async def read(store: FilesystemBlobs, key: BlobKey) -> bytes:
    """Return a blob of five bytes."""
    return b"".join([piece async for piece in store.read(key, 0, 5)])


@in_its_place
async def test_what_is_no_blob_keeps_nobody_waiting(
    store: FilesystemBlobs, root: Path, make: Callable[[Path], None]
) -> None:
    """Everybody who reads it hears so, and the store's threads are free for all other blobs."""
    lost, kept = BlobKey(new_id()), BlobKey(new_id())
    for key in (lost, kept):
        await store.put(key, sound())
    place = root / lost[:2] / lost
    place.unlink()
    make(place)

    told = await asyncio.gather(*(read(store, lost) for _ in range(READERS)), return_exceptions=True)

    assert {type(each) for each in told} == {StoreUnavailable}
    assert await read(store, kept) == b"sound"


@in_its_place
def test_what_is_no_segment_is_no_slot(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """Reading and destroying say that the slots are not there."""
    slots = SlotFile.create((tmp_path / "slots",), vault_id="vault", allow_unsafe=True)
    slots.ensure(0)
    (segment,) = [path for path in (tmp_path / "slots").iterdir() if path.stat().st_size > 65536]
    segment.unlink()
    make(segment)

    with pytest.raises(SlotsUnavailable):
        slots.read(0)
    with pytest.raises(SlotsUnavailable):
        slots.destroy([0])
