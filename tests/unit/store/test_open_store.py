"""A blob store opens by its URL."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from vault.domain.names import BlobKey, new_id
from vault.errors import ConfigInvalid, StorageFull, StoreUnavailable
from vault.store import open_store


async def nothing() -> AsyncIterator[bytes]:
    """Yield a byte, to have something to store."""
    yield b"x"


@pytest.mark.parametrize("prefix", ["", "file:", "FILE:", "file://", "file://localhost"])
async def test_a_folder_by_any_way_to_write_it(tmp_path: Path, prefix: str) -> None:
    """A plain path and every form of a file URL name the same folder."""
    await open_store(f"{prefix}{tmp_path}/blobs", create=True).put(BlobKey(new_id()), nothing())
    assert (tmp_path / "blobs" / "callvault.blobs").exists()
    await open_store(str(tmp_path / "blobs")).check()


async def test_a_path_is_taken_literally(tmp_path: Path) -> None:
    """Percent signs, spaces, colons and hashes in a folder's name are just that."""
    open_store(f"file:{tmp_path}/50%20 a:b#c?d", create=True)
    assert (tmp_path / "50%20 a:b#c?d" / "callvault.blobs").exists()


async def test_opening_makes_nothing(tmp_path: Path) -> None:
    """Only `init` makes a store: an unmounted disk must not be replaced by an empty folder."""
    store = open_store(f"file:{tmp_path}/blobs")
    with pytest.raises(StoreUnavailable):
        await store.put(BlobKey(new_id()), nothing())
    assert not (tmp_path / "blobs").exists()


async def test_a_relative_folder_stays_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that changes its folder later does not change its store."""
    monkeypatch.chdir(tmp_path)
    store = open_store("file:blobs", create=True)
    monkeypatch.chdir("/")
    await store.check()


async def test_the_reserve_is_passed_on(tmp_path: Path) -> None:
    """The operator's reserve reaches the store."""
    store = open_store(f"file:{tmp_path}/blobs", create=True, reserve_bytes=1 << 62)
    with pytest.raises(StorageFull):
        await store.check()


def test_a_store_that_can_not_be_made_says_so(tmp_path: Path) -> None:
    """`init` on a place that can't be a folder fails in our words."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreUnavailable, match="can't be made"):
        open_store(f"file:{tmp_path}/file/blobs", create=True)


@pytest.mark.parametrize("url", ["ftp://user:hunter2@host/x", "gs:hunter2", "x+y.z-1:hunter2"])
def test_an_unknown_scheme_names_the_known(url: str) -> None:
    """The message helps, and never quotes a URL, which may carry a password."""
    with pytest.raises(ConfigInvalid, match=r"known: .*file:") as raised:
        open_store(url)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("url", ["", "file:", "file://", "file: ", "file://server/share", "file:a\0b", "\0"])
def test_a_url_without_a_folder_is_refused(url: str) -> None:
    """No guess is made where recordings should lie."""
    with pytest.raises(ConfigInvalid):
        open_store(url)


def test_providers_are_imported_when_asked_for() -> None:
    """The module itself pulls in no provider and no SDK."""
    code = "import sys, vault.store; print(*sys.modules)"
    child = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert {"vault.store.filesystem", "boto3", "asyncio"}.isdisjoint(child.stdout.split())
