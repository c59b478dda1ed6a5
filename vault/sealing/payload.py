"""The payload on its way: hashed and sealed piece by piece on worker threads, in bounded memory."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from keys.age import SEALED_CHUNK_BYTES, FileKey, PayloadOpener, PayloadSealer, span
from vault.domain.audio import HEAD_BYTES
from vault.domain.names import BlobKey, Sha256
from vault.domain.recording import Recording
from vault.errors import BlobMissing, EmptyRecording, RecordingTooLarge
from vault.ports.blobs import BlobStore, Piece
from vault.sealing.ahead import one_ahead
from vault.sealing.batches import Batch, in_batches


class SealingStream:
    """Seals one upload. After the last piece `bytes`, `sha256` and `other_digest` are of all plaintext.

    `head` is its beginning, `HEAD_BYTES` at most.
    """

    def __init__(self, file_key: FileKey, limit_bytes: int, other_digest: str | None = None) -> None:
        self._sealer = PayloadSealer(file_key)
        self._sha256 = hashlib.sha256()
        self._other = hashlib.new(other_digest) if other_digest else None
        self._limit_bytes = limit_bytes
        self._buffers = (bytearray(), bytearray())
        self.nonce = self._sealer.nonce
        self.bytes = 0
        self.head = b""

    @property
    def sha256(self) -> Sha256:
        """The plaintext's SHA-256 in hex."""
        return Sha256(self._sha256.hexdigest())

    @property
    def other_digest(self) -> bytes | None:
        """The plaintext's digest by the other algorithm that was asked for."""
        return self._other.digest() if self._other else None

    async def seal(self, body: AsyncIterator[bytes]) -> AsyncGenerator[Piece, None]:
        """Yield sealed pieces; raise `EmptyRecording` or `RecordingTooLarge`, whatever `body` raises.

        A piece lies in a buffer that is filled again once the next is asked for. While it is written, the one
        after it is sealed and the next one gathered, so close the generator before `body`.
        """
        async with aclosing(in_batches(body)) as batches:

            async def _next_batch() -> Batch | None:
                return await anext(batches, None)

            async def _next_piece() -> Piece | None:
                batch = await anext(gathered, None)
                if batch is None:
                    return None
                self._count(batch)
                return await asyncio.to_thread(self._seal, batch)

            gathered: AsyncGenerator[Batch, None] = one_ahead(_next_batch)
            pieces: AsyncGenerator[Piece, None] = one_ahead(_next_piece)
            async with aclosing(gathered), aclosing(pieces):
                async for piece in pieces:
                    yield piece

    def _count(self, batch: Batch) -> None:
        self.bytes += batch.length
        if self.bytes > self._limit_bytes:
            raise RecordingTooLarge(f"a recording may have {self._limit_bytes} bytes at most")
        if not self.bytes:
            raise EmptyRecording("the upload has no bytes: is the hook's file path empty?")
        for piece in batch.pieces:
            if len(self.head) == HEAD_BYTES:
                break
            self.head += bytes(piece[: HEAD_BYTES - len(self.head)])

    def _seal(self, batch: Batch) -> Piece:
        out, written = self._buffer_for(batch), 0
        for piece in batch.pieces:
            self._sha256.update(piece)
            if self._other is not None:
                self._other.update(piece)
            written += self._sealer.update_into(piece, memoryview(out)[written:])
        if batch.last:
            rest = self._sealer.finish()
            out[written : written + len(rest)] = rest
            written += len(rest)
        return memoryview(out)[:written]

    def _buffer_for(self, batch: Batch) -> bytearray:
        """Return the buffer whose turn it is: the other one is with whoever takes the pieces."""
        needed = self._sealer.ready_bytes(batch.length) + (SEALED_CHUNK_BYTES if batch.last else 0)
        out, other = self._buffers
        if len(out) < needed:
            out = bytearray(needed)
        self._buffers = (other, out)
        return out


async def is_missing(blobs: BlobStore, key: BlobKey) -> bool:
    """Say whether the store has no such payload; raise `StoreUnavailable` where it can't tell."""
    try:
        async with aclosing(blobs.read(key, 0, 1)) as pieces:
            async for _ in pieces:
                pass
    except BlobMissing:
        return True
    return False


async def open_range(
    blobs: BlobStore, recording: Recording, file_key: FileKey, start: int, stop: int
) -> AsyncGenerator[bytes, None]:
    """Yield the plaintext bytes [start, stop); raise `PayloadCorrupt` before a wrong byte leaves."""
    where = span(start, stop, recording.bytes)
    opener = PayloadOpener(file_key, recording.nonce, recording.bytes)
    chunk, skip, keep = where.first_chunk, where.skip, where.keep
    async with aclosing(blobs.read(recording.blob, where.offset, where.length)) as sealed:
        runs = _whole_chunks(sealed)

        async def _next_plaintext() -> bytes | None:
            nonlocal chunk
            run = await anext(runs, None)
            if run is None:
                return None
            first, chunk = chunk, chunk + -(-len(run) // SEALED_CHUNK_BYTES)
            return await asyncio.to_thread(opener.open, first, run)

        async with aclosing(runs), aclosing(one_ahead(_next_plaintext)) as opened:
            async for plaintext in opened:
                piece = plaintext[skip : skip + keep]
                skip, keep = 0, keep - len(piece)
                yield piece


async def _whole_chunks(pieces: AsyncIterator[bytes]) -> AsyncGenerator[memoryview, None]:
    """Cut pieces of any size into runs of whole sealed chunks; what is left at the end is the last one."""
    gathered = b""
    async for piece in pieces:
        gathered = gathered + piece if gathered else piece  # pieces of whole chunks are not copied
        whole = len(gathered) - len(gathered) % SEALED_CHUNK_BYTES
        if whole:
            yield memoryview(gathered)[:whole]
            gathered = gathered[whole:]
    if gathered:
        yield memoryview(gathered)
