"""Storing and reading, as every blob store promises it: run by each adapter and the fake."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import TYPE_CHECKING

import pytest

from tests.contract.blobs.steps import MIB, content, every_key, failing, key, pieces, read, stalled
from vault.errors import BlobExists, BlobMissing, StoreUnavailable
from vault.ports.blobs import BlobStore, Piece

if TYPE_CHECKING:
    from tests.contract.blobs.conftest import Bench


@pytest.mark.parametrize("size", [0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB + 17])
async def test_what_was_put_is_read_back(store: BlobStore, size: int) -> None:
    """A blob of any size comes back byte for byte."""
    blob, stored = key(), content(size)
    await store.put(blob, pieces(stored))
    assert await read(store, blob, 0, size) == stored


async def test_pieces_of_any_kind_and_size_are_taken(store: BlobStore) -> None:
    """Empty, tiny and large pieces join in their order, whatever they are views of."""
    blob, stored = key(), content(2 * MIB + 5)
    parts: Iterable[Piece] = (
        b"",
        stored[:1],
        bytearray(stored[1:70_000]),
        b"",
        memoryview(stored)[70_000:MIB],
        memoryview(stored)[MIB:],
    )
    await store.put(blob, pieces(*parts))
    assert await read(store, blob, 0, len(stored)) == stored


async def test_a_reused_buffer_is_no_mistake(store: BlobStore) -> None:
    """A sealer may fill the same buffer again once it is asked for the next piece."""
    blob, buffer = key(), bytearray(100_000)

    async def refilled() -> AsyncIterator[Piece]:
        for value in range(20):
            buffer[:] = bytes([value]) * len(buffer)
            yield memoryview(buffer)

    await store.put(blob, refilled())
    assert await read(store, blob, 0, 2_000_000) == b"".join(bytes([v]) * 100_000 for v in range(20))


@pytest.mark.parametrize(
    ("offset", "length"),
    [
        (0, 1),
        (MIB - 1, 2),
        (16, 65_552),
        (3 * MIB + 16, 1),
        (1, 3 * MIB),
        (0, 0),
        (MIB, 0),
        (3 * MIB + 17, 0),
    ],
)
async def test_a_range_is_exact(store: BlobStore, offset: int, length: int) -> None:
    """A range starts and ends where it was asked to, across the borders of pieces too."""
    blob, stored = key(), content(3 * MIB + 17)
    await store.put(blob, pieces(stored))
    assert await read(store, blob, offset, length) == stored[offset : offset + length]


async def test_a_range_beyond_the_end_never_looks_whole(store: BlobStore) -> None:
    """Asked for a byte more than there is, a store raises and does not just end."""
    blob = key()
    await store.put(blob, pieces(content(MIB)))
    with pytest.raises(StoreUnavailable):
        await read(store, blob, 0, MIB + 1)
    with pytest.raises(StoreUnavailable):
        await read(store, blob, 2 * MIB, 1)


async def test_a_blob_cut_behind_the_stores_back_never_looks_whole(bench: Bench) -> None:
    """A file system that lost the end of a blob is found out."""
    blob = key()
    await bench.store.put(blob, pieces(content(3 * MIB)))
    await bench.cut(blob, MIB + 3)
    with pytest.raises(StoreUnavailable):
        await read(bench.store, blob, 0, 3 * MIB)


async def test_a_blob_that_is_not_there_is_missing(store: BlobStore) -> None:
    """Nothing, an unfinished one and a deleted one read alike: missing."""
    blob = key()
    with pytest.raises(BlobMissing):
        await read(store, blob, 0, 1)


async def test_an_unfinished_blob_is_missing(bench: Bench) -> None:
    """Nobody reads half a blob: not one whose writer was killed."""
    blob = key()
    await bench.leave_unfinished(blob)
    with pytest.raises(BlobMissing):
        await read(bench.store, blob, 0, 1)


async def test_a_blob_being_put_is_missing(store: BlobStore) -> None:
    """Nobody reads half a blob: not one that is still coming in."""
    blob, started = key(), asyncio.Event()
    putting = asyncio.create_task(store.put(blob, stalled(started, content(100))))
    await started.wait()
    with pytest.raises(BlobMissing):
        await read(store, blob, 0, 1)
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting


async def test_a_blob_is_never_overwritten(store: BlobStore) -> None:
    """The second put of a key is refused and the first blob stays as it was."""
    blob, first = key(), content(1000)
    await store.put(blob, pieces(first))
    with pytest.raises(BlobExists):
        await store.put(blob, pieces(content(500, seed=2)))
    assert await read(store, blob, 0, 1000) == first
    assert await every_key(store) == [blob]


async def test_of_two_puts_of_one_key_one_wins_whole(store: BlobStore) -> None:
    """Puts at the same time never mix: one blob is there, the other put was refused."""
    blob = key()
    both = [content(MIB, seed=seed) for seed in (1, 2)]
    outcomes = await asyncio.gather(
        *(store.put(blob, pieces(*(one[i : i + 4096] for i in range(0, MIB, 4096)))) for one in both),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["BlobExists", "NoneType"]
    assert await read(store, blob, 0, MIB) == both[outcomes.index(None)]


@pytest.mark.parametrize(
    "error", [RuntimeError("cut"), OSError("the peer's socket"), asyncio.CancelledError(), KeyError("x")]
)
async def test_an_upload_that_breaks_leaves_nothing(store: BlobStore, error: BaseException) -> None:
    """What the pieces raise passes through untouched, and nothing of the blob stays."""
    blob = key()
    with pytest.raises(type(error)) as raised:
        await store.put(blob, failing(content(MIB), content(10), error=error))
    assert raised.value is error
    assert await every_key(store) == []


async def test_an_upload_that_breaks_at_once_leaves_nothing(store: BlobStore) -> None:
    """An upload without a single byte leaves nothing either, and its key can be used."""
    blob = key()
    with pytest.raises(RuntimeError):
        await store.put(blob, failing(error=RuntimeError("cut")))
    await store.put(blob, pieces(b"second try"))
    assert await every_key(store) == [blob]


async def test_a_cancelled_put_leaves_nothing(store: BlobStore) -> None:
    """A client that hangs up in the middle leaves nothing, and the put ends as cancelled."""
    blob, started = key(), asyncio.Event()
    putting = asyncio.create_task(store.put(blob, stalled(started, content(MIB), content(10))))
    await started.wait()
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    assert await every_key(store) == []


async def test_a_reader_may_leave_early(store: BlobStore) -> None:
    """A collection that is broken off harms nothing; the next one reads it all."""
    blob, stored = key(), content(3 * MIB)
    await store.put(blob, pieces(stored))
    async for piece in store.read(blob, 0, 3 * MIB):
        assert piece
        break
    assert await read(store, blob, 0, 3 * MIB) == stored


async def test_readers_do_not_disturb_each_other(store: BlobStore) -> None:
    """Any number of readers of one blob each get their own range."""
    blob, stored = key(), content(2 * MIB)
    await store.put(blob, pieces(stored))
    offsets = [i * 50_001 for i in range(20)]
    got = await asyncio.gather(*(read(store, blob, offset, MIB) for offset in offsets))
    assert got == [stored[offset : offset + MIB] for offset in offsets]
