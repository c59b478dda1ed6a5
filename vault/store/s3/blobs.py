"""Blobs as objects of a bucket: `vault.ports.blobs.BlobStore`."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Collection
from datetime import datetime

from vault.domain.names import BlobKey, new_id
from vault.errors import ConfigInvalid, StoreUnavailable
from vault.ports.blobs import Piece
from vault.store.blobkey import checked
from vault.store.pieces import read_ahead
from vault.store.s3.bucket import ASKING, WORKING, Bucket, Patience
from vault.store.s3.failures import translated
from vault.store.s3.fitness import examine
from vault.store.s3.listing import Listing
from vault.store.s3.location import S3Location
from vault.store.s3.ownership import Ownership
from vault.store.s3.reading import BlobReader
from vault.store.s3.removal import Removal
from vault.store.s3.writing import PART_BYTES, BlobUpload
from vault.store.threads import Threads, finished, settled

# Threads sleep in the network: writing and reading have their own, so that neither waits for the other.
_THREADS = 16
# Two at a time keep one connection busy while the other's answer is waited for.
_PARTS_AT_ONCE = 2
# Of all uploads together: with the part that each of 64 uploads gathers, 400 MiB at the very most.
_PARTS_IN_FLIGHT = _THREADS
# A few, so that readiness is answered while every other thread waits for a store that is stalled.
_ASKING_THREADS = 2


class S3Blobs:
    """One object per blob, under its key behind the location's prefix.

    No blob is written before the bucket was found fit (see `examine`) once in the life of this object.
    `regions` are those where it may lie; empty: anywhere. `owner` is the vault whose blobs these are.
    """

    def __init__(
        self,
        location: S3Location,
        *,
        owner: str | None = None,
        regions: Collection[str] = (),
        working: Patience = WORKING,
        asking: Patience = ASKING,
    ) -> None:
        self._regions = frozenset(regions)
        self._bucket = Bucket(location, working)
        self._brisk = Bucket(location, asking)
        self._ownership = Ownership(self._brisk, owner) if owner is not None else None
        self._writing = Threads("s3-writing", _THREADS)
        self._reading = Threads("s3-reading", _THREADS)
        self._asking = Threads("s3-asking", _ASKING_THREADS)
        self._parts = asyncio.Semaphore(_PARTS_IN_FLIGHT)
        self._checking: asyncio.Future[None] | None = None
        self._is_fit = False

    def create(self) -> None:
        """See that the bucket serves a new vault, by storing something and removing it; blocks.

        Raise `ConfigInvalid` for an unfit one, `VaultExists` for another vault's place, `StorageFull` or
        `StoreUnavailable`. The bucket itself is the operator's to make.
        """
        examine(self._brisk, self._regions)
        if self._ownership is not None:
            self._ownership.must_be_free()
        probe = BlobKey(new_id())
        BlobUpload(self._brisk, probe).finish(bytearray(b"probe"))
        Removal(self._brisk).remove(probe)

    def close(self) -> None:
        """Let threads and connections go; nothing more can be stored or read."""
        for threads in (self._writing, self._reading, self._asking):
            threads.close()
        for bucket in (self._bucket, self._brisk):
            bucket.close()

    async def examine(self) -> str | None:
        """Return the bucket's region; raise `ConfigInvalid` for an unfit one."""
        return await self._asking.run(self._examine)

    async def put(self, key: BlobKey, pieces: AsyncIterator[Piece]) -> None:
        """Store all or nothing, durably. A piece is the caller's again once the next one is asked for."""
        upload = BlobUpload(self._bucket, checked(key))
        await self._writing.run(self._require_fit)
        sending: deque[asyncio.Future[None]] = deque()
        count, gathered = 0, bytearray()
        try:
            async for piece in pieces:
                rest = memoryview(piece).cast("B")
                while rest:
                    if len(gathered) == PART_BYTES:
                        count += 1
                        await self._send(upload, count, gathered, sending)
                        gathered = bytearray()
                    room = PART_BYTES - len(gathered)
                    gathered += rest[:room]
                    rest = rest[room:]
            await self._finish(upload, count, gathered, sending)
        except BaseException:
            for part in sending:
                await settled(part)
            await self._asking.run(upload.discard, self._brisk)
            raise

    def read(self, key: BlobKey, offset: int, length: int) -> AsyncGenerator[bytes]:
        """Yield `length` bytes from `offset`, reading one piece ahead."""
        return read_ahead(self._reading, BlobReader(self._bucket, checked(key), offset, length), length)

    async def delete(self, key: BlobKey) -> None:
        """Remove every version, marker and unfinished upload of the blob; a listing proves it."""
        await self._writing.run(Removal(self._bucket).remove, checked(key))

    async def keys(self, *, older_than: datetime) -> AsyncGenerator[BlobKey]:
        """Yield the keys of blobs last written before `older_than`, one page in memory at a time."""
        await self._reading.run(self._require_fit)
        unfinished = await self._reading.run(Listing(self._bucket).unfinished)
        async for key, written_at in self._written():
            if max(written_at, unfinished.pop(key, written_at)) < older_than:
                yield key
        for key, begun_at in unfinished.items():
            if begun_at < older_than:
                yield key

    async def check(self) -> None:
        """Pass if the bucket is fit and answers; whoever asks meanwhile shares the answer."""
        if self._checking is None or self._checking.done():
            self._checking = self._asking.start(self._check)
        await finished(self._checking)

    async def _send(
        self, upload: BlobUpload, number: int, part: bytearray, sending: deque[asyncio.Future[None]]
    ) -> None:
        """Start sending a part, once there is room for it among those on their way."""
        if number == 1:
            await self._writing.run(upload.begin)
        if len(sending) == _PARTS_AT_ONCE:
            await finished(sending.popleft())
        await self._parts.acquire()
        started = self._writing.start(upload.send, number, part)
        started.add_done_callback(lambda _: self._parts.release())
        sending.append(started)

    async def _finish(
        self, upload: BlobUpload, count: int, rest: bytearray, sending: deque[asyncio.Future[None]]
    ) -> None:
        if count:
            await self._send(upload, count + 1, rest, sending)
        for part in sending:
            await finished(part)
        await self._writing.run(upload.finish, rest)

    async def _written(self) -> AsyncGenerator[tuple[BlobKey, datetime]]:
        """Yield each key once with the time of its newest version, though its versions may span pages."""
        start: tuple[str, str] | None = ("", "")
        last: tuple[BlobKey, datetime] | None = None
        while start is not None:
            page = await self._reading.run(Listing(self._bucket).page, start)
            for key, written_at in page.written:
                if last is not None and last[0] != key:
                    yield last
                    last = None
                last = (key, max(written_at, last[1]) if last else written_at)
            start = page.next
        if last is not None:
            yield last

    def _examine(self) -> str | None:
        region = examine(self._brisk, self._regions)
        if self._ownership is not None:
            self._ownership.claim()
        self._is_fit = True
        return region

    def _require_fit(self) -> None:
        """Examine the bucket unless that was done; raise `StoreUnavailable` for an unfit one too."""
        if self._is_fit:
            return
        try:
            self._examine()
        except ConfigInvalid as error:
            raise StoreUnavailable(str(error)) from error

    def _check(self) -> None:
        self._require_fit()
        with translated("the object store does not serve", needs="s3:ListBucket"):
            self._brisk.client.list_objects_v2(
                Bucket=self._brisk.name, Prefix=self._brisk.location.prefix, MaxKeys=1
            )
