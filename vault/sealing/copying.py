"""A payload copied as it lies, sealed, each chunk opened on the way to see that it is genuine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from keys.age import NONCE_BYTES, SEALED_CHUNK_BYTES, FileKey, PayloadOpener, sealed_bytes
from vault.domain.recording import Recording
from vault.ports.blobs import BlobStore


async def copy_payload(
    blobs: BlobStore, recording: Recording, file_key: FileKey
) -> AsyncGenerator[bytes, None]:
    """Yield the payload, nonce first (C2SP age v1, "Payload"), in pieces of about 1 MiB.

    Raise `PayloadCorrupt` before a chunk leaves that does not authenticate. The plaintext goes nowhere.
    """
    opener = PayloadOpener(file_key, recording.nonce, recording.bytes)
    scratch, chunk = bytearray(), 0
    length = sealed_bytes(recording.bytes) - NONCE_BYTES
    yield recording.nonce
    async with aclosing(blobs.read(recording.blob, NONCE_BYTES, length)) as pieces:
        async for run in _runs(pieces):
            if len(scratch) < len(run):
                scratch = bytearray(len(run))
            await asyncio.to_thread(opener.open_into, chunk, run, scratch)
            chunk += -(-len(run) // SEALED_CHUNK_BYTES)
            yield run


async def _runs(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Cut pieces of any size at the borders of chunks; what is left at the end is the last chunk."""
    gathered = bytearray()
    async for piece in pieces:
        gathered += piece
        whole = len(gathered) - len(gathered) % SEALED_CHUNK_BYTES
        if whole:
            yield bytes(memoryview(gathered)[:whole])
            gathered = gathered[whole:]
    if gathered:
        yield bytes(gathered)
