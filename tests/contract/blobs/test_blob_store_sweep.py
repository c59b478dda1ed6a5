"""Deleting, listing and being down, as every blob store promises it: run by each adapter and the fake."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.contract.blobs.steps import HOUR, every_key, key, pieces, read
from vault.domain.names import BlobKey
from vault.errors import BlobMissing, Invalid, StoreUnavailable
from vault.ports.blobs import BlobStore

if TYPE_CHECKING:
    from tests.contract.blobs.conftest import Bench

BAD_KEYS = [
    "../../../../etc/shadow",
    "/etc/shadow",
    "",
    ".",
    "a" * 19,
    "a" * 21,
    "a" * 19 + "/",
    "a" * 19 + "\0",
    "a" * 19 + "\n",
    "A" * 20,
    "l" * 20,
    "a/../../../../../b/c",
    "٣" * 20,
]


async def test_a_deleted_blob_is_gone(store: BlobStore) -> None:
    """Deleted is deleted: not read, not listed, others untouched."""
    blob, other = key(), key()
    await store.put(blob, pieces(b"one"))
    await store.put(other, pieces(b"other"))
    await store.delete(blob)
    with pytest.raises(BlobMissing):
        await read(store, blob, 0, 1)
    assert await every_key(store) == [other]


async def test_deleting_again_is_no_error(store: BlobStore) -> None:
    """A deletion is retried after a crash: what is gone already, or never was, is gone."""
    blob = key()
    await store.put(blob, pieces(b"one"))
    await store.delete(blob)
    await store.delete(blob)
    await store.delete(key())


async def test_an_unfinished_blob_can_be_deleted(bench: Bench) -> None:
    """The sweep gets rid of what a killed writer left."""
    blob = key()
    await bench.leave_unfinished(blob)
    await bench.store.delete(blob)
    assert await every_key(bench.store) == []


async def test_the_sweep_finds_all_that_is_old(bench: Bench) -> None:
    """Blobs written before the moment are listed once each, unfinished ones included."""
    finished, unfinished = {key() for _ in range(40)}, {key() for _ in range(3)}
    for blob in finished:
        await bench.store.put(blob, pieces(b"x"))
    for blob in unfinished:
        await bench.leave_unfinished(blob)
    assert await every_key(bench.store) == sorted(finished | unfinished)


async def test_the_sweep_finds_nothing_young(bench: Bench) -> None:
    """A blob whose row is about to be written is not offered to the sweep."""
    await bench.store.put(key(), pieces(b"x"))
    await bench.leave_unfinished(key())
    an_hour_ago = datetime.now(UTC) - HOUR
    assert [found async for found in bench.store.keys(older_than=an_hour_ago)] == []


async def test_blobs_can_be_deleted_while_they_are_listed(store: BlobStore) -> None:
    """The sweep deletes as it goes and still sees every one."""
    blobs = {key() for _ in range(30)}
    for blob in blobs:
        await store.put(blob, pieces(b"x"))
    seen = set()
    async for found in store.keys(older_than=datetime.now(UTC) + HOUR):
        seen.add(found)
        await store.delete(found)
    assert seen == blobs
    assert await every_key(store) == []


@pytest.mark.parametrize("bad", BAD_KEYS)
async def test_a_key_that_is_none_is_refused_everywhere(store: BlobStore, bad: str) -> None:
    """A key from a database that somebody wrote to leads nowhere, whatever it says."""
    blob = BlobKey(bad)
    with pytest.raises(Invalid):
        await store.put(blob, pieces(b"x"))
    with pytest.raises(Invalid):
        await read(store, blob, 0, 1)
    with pytest.raises(Invalid):
        await store.delete(blob)


async def test_a_store_that_is_down_says_so(bench: Bench) -> None:
    """Down is unavailable for every call: never missing, never deleted, never an empty list."""
    blob = key()
    await bench.store.put(blob, pieces(b"x"))
    await bench.take_down()
    with pytest.raises(StoreUnavailable):
        await read(bench.store, blob, 0, 1)
    with pytest.raises(StoreUnavailable):
        await bench.store.delete(blob)
    with pytest.raises(StoreUnavailable):
        await every_key(bench.store)
    with pytest.raises(StoreUnavailable):
        await bench.store.check()
    with pytest.raises(StoreUnavailable):
        await bench.store.put(key(), pieces(b"x"))


async def test_a_store_that_works_passes_its_check(store: BlobStore) -> None:
    """A check leaves nothing behind, however often it is made."""
    await asyncio.gather(*(store.check() for _ in range(5)))
    assert await every_key(store) == []


async def test_a_store_may_be_closed_twice(store: BlobStore) -> None:
    """Whoever tidies up need not know who did before; what was acknowledged is not touched by it."""
    await store.put(key(), pieces(b"x"))
    store.close()
    store.close()
