"""Blobs as files in one folder, for a vault on one machine: `vault.ports.blobs.BlobStore`."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import datetime
from pathlib import Path

from vault.domain.names import BlobKey
from vault.ports.blobs import Piece
from vault.store.blobfile import BlobReader, BlobWriter
from vault.store.blobkey import checked
from vault.store.folders import BlobFolders, translated
from vault.store.pieces import read_ahead
from vault.store.space import Reserve
from vault.store.threads import Threads

# Measured with 1 MiB blobs: 16 fsyncs at a time store as many blobs a second as 8, and a slow disk
# joins more of them into one commit.
_THREADS = 16
# A hop costs about 0.1 ms, as much as copying this often. Small pieces are gathered to be worth one;
# the end of a payload, at most 64 KiB and a tag, is written in the hop that syncs it.
_GATHERED_BYTES = 128 << 10


class FilesystemBlobs:
    """One file per blob, written under another name until it is whole.

    `owner` is the vault whose blobs these are: a folder that names another one is refused.
    `reserve_bytes` of the disk stay free (see `Reserve`); puts that run at the same time may each
    overstep it by one piece. Nothing works before `create` was called once in the life of the folder.
    """

    def __init__(self, root: Path, *, owner: str | None = None, reserve_bytes: int | None = None) -> None:
        self._folders = BlobFolders(root.absolute(), owner)
        self._reserve = Reserve(reserve_bytes)
        self._threads = Threads("blobs", _THREADS)

    def create(self) -> None:
        """Make the folder of a new vault, durably; blocks.

        Raise `VaultExists` for another vault's folder, `StorageFull` or `StoreUnavailable`.
        """
        with translated("the blob folder can't be made"):
            self._folders.create()

    def close(self) -> None:
        """Let the threads go; nothing more can be stored or read."""
        self._threads.close()

    async def put(self, key: BlobKey, pieces: AsyncIterator[Piece]) -> None:
        """Store all or nothing, durably. A piece is the caller's again once the next one is asked for."""
        writer = BlobWriter(self._folders, checked(key), self._reserve)
        gathered = bytearray()
        try:
            async for piece in pieces:
                if len(gathered) + memoryview(piece).nbytes <= _GATHERED_BYTES:
                    gathered += piece
                else:
                    await self._threads.run(writer.write, gathered, piece)
                    gathered = bytearray()
            await self._threads.run(writer.finish, gathered)
        except BaseException:
            await self._threads.run(writer.discard)
            raise

    def read(self, key: BlobKey, offset: int, length: int) -> AsyncGenerator[bytes]:
        """Yield `length` bytes from `offset`, reading one piece ahead."""
        return read_ahead(self._threads, BlobReader(self._folders, checked(key), offset, length), length)

    async def delete(self, key: BlobKey) -> None:
        """Remove the blob and prove it absent."""
        await self._threads.run(self._delete, checked(key))

    async def keys(self, *, older_than: datetime) -> AsyncGenerator[BlobKey]:
        """Yield the keys of blobs last written before `older_than`, one folder in memory at a time."""
        for name in await self._threads.run(self._names):
            for key in await self._threads.run(self._keys_before, name, older_than.timestamp()):
                yield key

    async def examine(self) -> str | None:
        """Return None, for a folder has no region; raise `ConfigInvalid` for another vault's."""
        await self._threads.run(self._claim)
        return None

    async def check(self) -> None:
        """Pass if the folder takes a file and the reserve is free."""
        await self._threads.run(self._check)

    def _claim(self) -> None:
        with translated("the blob folder can't be marked"):
            self._folders.claim()

    def _delete(self, key: BlobKey) -> None:
        with translated(f"blob {key} can't be removed"):
            self._folders.remove(key)

    def _names(self) -> list[str]:
        with translated("the blob folder can't be listed"):
            return self._folders.names()

    def _keys_before(self, name: str, timestamp: float) -> list[BlobKey]:
        with translated("the blob folder can't be listed"):
            return self._folders.keys_before(name, timestamp)

    def _check(self) -> None:
        with translated("the blob folder takes no file"):
            self._folders.require()
            self._reserve.keep(os.statvfs(self._folders.root), 0)
            self._folders.probe()
