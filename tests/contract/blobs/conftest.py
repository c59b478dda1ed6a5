"""Who runs the contract of `BlobStore`: a bench per adapter, chosen by the fixture's parameter.

An adapter joins by a class with these four members and a line in `BENCHES`. A real object store joins when
`CALLVAULT_TEST_S3_URL` names a bucket for tests (`s3://bucket/prefix?…`, credentials as the AWS SDK finds
them); every test works under a prefix of its own there and leaves it empty.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from tests.fakes.blobs import MemoryBlobs
from tests.harness.aws import Aws
from vault.domain.names import BlobKey, new_id
from vault.ports.blobs import BlobStore
from vault.store.filesystem import FilesystemBlobs
from vault.store.folders import MARKER
from vault.store.s3 import S3Blobs, S3Location, parse_location
from vault.store.s3.bucket import Bucket, Patience
from vault.store.s3.listing import Listing
from vault.store.s3.removal import Removal

REAL_S3 = os.environ.get("CALLVAULT_TEST_S3_URL")
_NOBODY = "http://127.0.0.1:9"
_BRISK = Patience(connect_seconds=2, answer_seconds=10, attempts=2)


class Bench(Protocol):
    """A store and what its port does not offer: ways to put it into trouble."""

    @property
    def store(self) -> BlobStore:
        """The store, empty at first."""
        ...

    async def leave_unfinished(self, key: BlobKey) -> None:
        """Leave what a killed writer leaves."""
        ...

    async def cut(self, key: BlobKey, size: int) -> None:
        """Shorten a stored blob behind the store's back."""
        ...

    async def take_down(self) -> None:
        """Make the store unreachable, its content unharmed."""
        ...


class FilesystemBench:
    """Files in a temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "blobs"
        self.store = FilesystemBlobs(self.root, reserve_bytes=0)
        self.store.create()

    async def leave_unfinished(self, key: BlobKey) -> None:
        """Write half of it under the unfinished name."""
        (self.root / key[:2]).mkdir(exist_ok=True)
        (self.root / key[:2] / f"{key}.part").write_bytes(b"half")

    async def cut(self, key: BlobKey, size: int) -> None:
        """Truncate the file."""
        (self.root / key[:2] / key).write_bytes(b"x" * size)

    async def take_down(self) -> None:
        """Unmount the disk, as far as the store can tell: an empty folder stays."""
        self.root.rename(self.root.with_name("elsewhere"))
        self.root.mkdir()
        assert not (self.root / MARKER).exists()


class MemoryBench:
    """The fake: whatever tests rely on it for must hold for the real ones."""

    def __init__(self, _folder: Path) -> None:
        self._memory = MemoryBlobs()

    @property
    def store(self) -> BlobStore:
        """The fake."""
        return self._memory

    async def leave_unfinished(self, key: BlobKey) -> None:
        """Put the key among the unfinished ones."""
        self._memory.unfinished.add(key)

    async def cut(self, key: BlobKey, size: int) -> None:
        """Keep the first bytes only."""
        self._memory.blobs[key] = self._memory.blobs[key][:size]

    async def take_down(self) -> None:
        """Say so."""
        self._memory.down = True


class S3Bench:
    """A prefix of its own in a bucket that keeps versions."""

    def __init__(self, location: S3Location) -> None:
        self.location = replace(location, prefix=f"{location.prefix}{new_id()}/")
        self.store = S3Blobs(self.location, working=_BRISK, asking=_BRISK)
        self._behind = Bucket(self.location, _BRISK)

    async def leave_unfinished(self, key: BlobKey) -> None:
        """Send one part and go."""
        await asyncio.to_thread(self._leave_unfinished, key)

    async def cut(self, key: BlobKey, size: int) -> None:
        """Put a shorter object over it."""
        await asyncio.to_thread(self._put, key, b"x" * size)

    async def take_down(self) -> None:
        """Go where nobody answers."""
        for bucket in (self.store._bucket, self.store._brisk):
            bucket.close()
            bucket.location = replace(self.location, endpoint=_NOBODY)

    def tidy(self) -> None:
        """Leave the bucket as it was."""
        listing = Listing(self._behind)
        for key in {key for key, _ in listing.page(("", "")).written} | set(listing.unfinished()):
            Removal(self._behind).remove(key)
        self.store.close()
        self._behind.close()

    def _leave_unfinished(self, key: BlobKey) -> None:
        client, bucket, name = self._behind.client, self._behind.name, self._behind.object_name(key)
        upload = client.create_multipart_upload(Bucket=bucket, Key=name)["UploadId"]
        client.upload_part(Bucket=bucket, Key=name, UploadId=upload, PartNumber=1, Body=b"half")

    def _put(self, key: BlobKey, content: bytes) -> None:
        name = self._behind.object_name(key)
        self._behind.client.put_object(Bucket=self._behind.name, Key=name, Body=content)


BENCHES: dict[str, Callable[[Path], Bench]] = {"filesystem": FilesystemBench, "memory": MemoryBench}
_BUCKETS = ["s3", "s3-real"] if REAL_S3 else ["s3"]


@pytest.fixture(params=[*sorted(BENCHES), *_BUCKETS])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """Return a fresh, empty store of each kind."""
    if request.param in BENCHES:
        yield BENCHES[request.param](tmp_path)
        return
    bench = S3Bench(request.getfixturevalue(f"{request.param.replace('-', '_')}_location"))
    yield bench
    bench.tidy()


@pytest.fixture
def s3_location(aws: Aws) -> S3Location:
    """A fresh bucket of moto's."""
    return parse_location(f"//{aws.bucket(new_id())}/blobs?endpoint={aws.url}")


@pytest.fixture
def s3_real_location() -> S3Location:
    """The bucket that the environment names."""
    assert REAL_S3 is not None
    return parse_location(REAL_S3.removeprefix("s3:"))


@pytest.fixture
def store(bench: Bench) -> BlobStore:
    """Return the store itself, for promises that need no trouble."""
    return bench.store
