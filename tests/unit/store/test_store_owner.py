"""A store is one vault's: to the sweep of another, every blob in it would be one without a recording."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.harness.aws import Aws
from vault.domain.names import BlobKey, new_id
from vault.errors import ConfigInvalid, StoreUnavailable, VaultExists
from vault.ports.blobs import BlobStore
from vault.store import open_store

OURS, THEIRS = new_id(), new_id()
FOR_EVER = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["folder", "bucket"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return a place where no store was made yet."""
    if request.param == "folder":
        return f"file:{tmp_path}/blobs"
    aws: Aws = request.getfixturevalue("aws")
    return f"s3://{aws.bucket(new_id())}/blobs?endpoint={aws.url}"


async def founded(url: str, owner: str = OURS) -> BlobStore:
    """Return the store of a new vault, as `init` leaves it."""
    open_store(url, create=True, owner=owner).close()
    store = open_store(url, owner=owner)
    await store.examine()
    return store


async def stored(store: BlobStore) -> BlobKey:
    """Put something there."""

    async def _pieces() -> AsyncIterator[bytes]:
        yield b"sealed"

    key = BlobKey(new_id())
    await store.put(key, _pieces())
    return key


async def swept(store: BlobStore) -> list[BlobKey]:
    """Return what a sweep would look at."""
    return [key async for key in store.keys(older_than=FOR_EVER)]


async def test_a_second_vault_is_not_made_there(url: str) -> None:
    """`init` at a place that is taken is refused, with or without recordings in it, and changes nothing."""
    store = await founded(url)
    with pytest.raises(VaultExists):
        open_store(url, create=True, owner=THEIRS)
    key = await stored(store)
    with pytest.raises(VaultExists):
        open_store(url, create=True, owner=THEIRS)
    assert await swept(store) == [key]


async def test_a_second_vault_finds_nothing_to_sweep_there(url: str) -> None:
    """A vault whose setting leads to another's store neither starts, nor stores, nor lists there."""
    await stored(await founded(url))
    astray = open_store(url, owner=THEIRS)
    with pytest.raises(ConfigInvalid, match="another vault's"):
        await astray.examine()
    with pytest.raises(StoreUnavailable, match="another vault's"):
        await stored(astray)
    with pytest.raises(StoreUnavailable, match="another vault's"):
        await swept(astray)


async def test_an_init_that_came_to_nothing_leaves_the_place_free(url: str) -> None:
    """Whoever failed after the store was made, for want of a root key say, may try again."""
    open_store(url, create=True, owner=THEIRS).close()
    assert await swept(await founded(url)) == []


async def test_an_older_store_is_claimed_by_its_vault(url: str) -> None:
    """A place with recordings and no name is no new vault's; who examines it first has it from then on."""
    unnamed = open_store(url, create=True)
    key = await stored(unnamed)
    with pytest.raises(VaultExists):
        open_store(url, create=True, owner=THEIRS)
    ours = open_store(url, owner=OURS)
    await ours.examine()
    assert await swept(ours) == [key]
    with pytest.raises(ConfigInvalid):
        await open_store(url, owner=THEIRS).examine()
