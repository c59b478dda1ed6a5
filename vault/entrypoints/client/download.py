"""Download a recording into a part file, going on where the last try stopped, even in another process."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from io import FileIO
from pathlib import Path

import aiohttp

from vault.entrypoints.client.collecting import Collector, Waiting
from vault.entrypoints.client.failures import ClientError, TryAgain
from vault.entrypoints.client.http import answered
from vault.entrypoints.client.retry import patiently

_PIECE_BYTES = 256 << 10

Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Download:
    """One recording on its way into `part`, which nobody else writes to."""

    collector: Collector
    recording: Waiting
    part: Path
    advance: Advance

    async def run(self) -> str:
        """Return the SHA-256 of the complete part file, read back from the disk after a sync.

        Raise `TryAgain` once patience is over (what came stays, to go on from), `ClientError`, and `OSError`
        for a full disk.
        """
        with _open_part(self.part) as file:
            self.advance(file.seek(0, os.SEEK_END))
            if file.tell() > self.recording.bytes:
                self._begin_again(file)
            if file.tell() < self.recording.bytes:
                tag = await patiently(self._entity_tag, self.collector.patience)
                await patiently(lambda: self._go_on(file, tag), self.collector.patience)
            return await asyncio.to_thread(_settle, file)

    async def _entity_tag(self) -> str:
        """Ask for the tag that tells the same content from another; a HEAD opens nothing."""
        url = self.collector.content_url(self.recording.id)
        async with answered(self.collector.session, "HEAD", url, headers=self.collector.headers) as response:
            return response.headers.get("ETag", "")

    async def _go_on(self, file: FileIO, tag: str) -> None:
        """Read from where the file ends; raise `TryAgain` if the line breaks."""
        start = file.tell()
        headers = dict(self.collector.headers)
        if start:
            headers |= {"Range": f"bytes={start}-", "If-Range": tag}
        url = self.collector.content_url(self.recording.id)
        try:
            async with answered(self.collector.session, "GET", url, headers=headers) as response:
                if start and not _continues(response, start):
                    self._begin_again(file)
                await self._read(response, file)
        except TryAgain as error:
            raise TryAgain(
                str(error), after_seconds=error.after_seconds, progressed=file.tell() > start
            ) from None
        if file.tell() < self.recording.bytes:
            raise TryAgain("the recording ended early", progressed=file.tell() > start)

    async def _read(self, response: aiohttp.ClientResponse, file: FileIO) -> None:
        async for piece in response.content.iter_chunked(_PIECE_BYTES):
            if file.tell() + len(piece) > self.recording.bytes:
                raise ClientError("the server sends more than the recording has")
            _write_all(file, piece)
            self.advance(len(piece))

    def _begin_again(self, file: FileIO) -> None:
        self.advance(-file.tell())
        file.seek(0)
        file.truncate()


def _open_part(part: Path) -> FileIO:
    # Unbuffered: what was written is in the file when this process is killed. A link is not followed.
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    return FileIO(os.open(part, flags, 0o600), "r+")


def _write_all(file: FileIO, piece: bytes) -> None:
    """Write the whole piece: an unbuffered write may be short on a disk that is getting full."""
    view = memoryview(piece)
    while view:
        view = view[file.write(view) :]


def _continues(response: aiohttp.ClientResponse, start: int) -> bool:
    """Say whether the answer is the range that was asked for; a 200 is the whole recording again."""
    if response.status != HTTPStatus.PARTIAL_CONTENT:
        return False
    if not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
        raise ClientError("the server answered with another range than was asked for")
    return True


def _settle(file: FileIO) -> str:
    """Sync, then hash what the disk gives back rather than what passed through memory."""
    os.fsync(file.fileno())
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()
