"""The payload on its way in and out: any pieces in, any range out."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.age import CHUNK_BYTES, FileKey, sealed_bytes
from keys.errors import PayloadCorrupt
from tests.fakes.blobs import MemoryBlobs
from vault.domain.audio import HEAD_BYTES
from vault.domain.names import BlobKey, RecordingId, SourceId, new_id
from vault.domain.recording import Recording
from vault.errors import EmptyRecording, RecordingTooLarge, StoreUnavailable
from vault.ports.blobs import Piece
from vault.sealing.batches import BATCH_BYTES as PIECE_BYTES
from vault.sealing.payload import SealingStream, open_range

SOUND = hashlib.shake_256(b"sound").digest(3 * CHUNK_BYTES + 17)
LIMIT = 8 * PIECE_BYTES


async def pieces_of(content: bytes, step: int) -> AsyncIterator[bytes]:
    """Yield the content in pieces of that size."""
    for start in range(0, len(content), step):
        yield content[start : start + step]


async def seal(content: bytes, step: int) -> tuple[FileKey, Recording, MemoryBlobs]:
    """Seal the content as it comes; return what opens it."""
    file_key, blobs, key = FileKey.generate(), MemoryBlobs(), BlobKey(new_id())
    stream = SealingStream(file_key, LIMIT)
    await blobs.put(key, stream.seal(pieces_of(content, step)))
    recording = Recording(
        id=RecordingId("r"),
        source=SourceId("s"),
        customer=None,
        blob=key,
        nonce=stream.nonce,
        sha256=stream.sha256,
        bytes=stream.bytes,
        sealed_at=datetime(2026, 11, 20, tzinfo=UTC),
        log_index=0,
        slot=0,
    )
    return file_key, recording, blobs


async def read(file_key: FileKey, recording: Recording, blobs: MemoryBlobs, start: int, stop: int) -> bytes:
    """Return a range."""
    return b"".join([piece async for piece in open_range(blobs, recording, file_key, start, stop)])


async def read_into(out: bytearray, file_key: FileKey, recording: Recording, blobs: MemoryBlobs) -> None:
    """Gather what is given out, up to an error."""
    async for piece in open_range(blobs, recording, file_key, 0, recording.bytes):
        out += piece


@cache
def sealed() -> tuple[FileKey, Recording, MemoryBlobs]:
    """Return `SOUND` sealed, once for all ranges."""
    return asyncio.run(seal(SOUND, 10_000))


NEAR_BORDERS = st.sampled_from(
    [border + off for border in range(0, 4 * CHUNK_BYTES, CHUNK_BYTES) for off in (-1, 0, 1)] + [len(SOUND)]
).filter(lambda place: 0 <= place <= len(SOUND))
PLACES = NEAR_BORDERS | st.integers(0, len(SOUND))


@settings(deadline=None)
@given(first=PLACES, second=PLACES)
def test_any_range_is_the_slice(first: int, second: int) -> None:
    """Every range equals the slice of the plaintext, at chunk borders and anywhere else."""
    start, stop = sorted((first, second))

    assert asyncio.run(read(*sealed(), start, stop)) == SOUND[start:stop]


@pytest.mark.parametrize(
    "size",
    [1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES + 5],
)
@pytest.mark.parametrize("step", [8191, PIECE_BYTES, 3 * PIECE_BYTES])
async def test_any_pieces_are_one_payload(size: int, step: int) -> None:
    """However the network cuts it, the payload has the size of the format, and opens to what was sent."""
    content = hashlib.shake_256(b"%d" % size).digest(size)

    file_key, recording, blobs = await seal(content, step)

    assert len(blobs.blobs[recording.blob]) == sealed_bytes(size)
    assert (recording.bytes, recording.sha256) == (size, hashlib.sha256(content).hexdigest())
    assert await read(file_key, recording, blobs, 0, size) == content


async def test_the_head_is_the_beginning() -> None:
    """The head is the first 512 bytes, gathered from however small pieces; the other digest is of it all."""
    for content in (SOUND, SOUND[:100]):
        stream = SealingStream(FileKey.generate(), LIMIT, "sha512")
        async for _ in stream.seal(pieces_of(content, 7 if len(content) < 1000 else 50_000)):
            pass
        assert stream.head == content[:HEAD_BYTES]
        assert stream.other_digest == hashlib.sha512(content).digest()
    assert SealingStream(FileKey.generate(), LIMIT).other_digest is None


async def test_empty_and_endless_bodies() -> None:
    """Nothing at all is refused; too much is refused while it comes, not once it is there."""
    with pytest.raises(EmptyRecording):
        await gather(SealingStream(FileKey.generate(), LIMIT).seal(pieces_of(b"", 1)))

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(PIECE_BYTES)

    stream = SealingStream(FileKey.generate(), LIMIT)
    with pytest.raises(RecordingTooLarge):
        await gather(stream.seal(endless()))
    assert stream.bytes <= LIMIT + PIECE_BYTES


async def gather(pieces: AsyncIterator[Piece]) -> bytes:
    """Return every piece joined."""
    return b"".join([bytes(piece) async for piece in pieces])


async def test_a_changed_payload_gives_no_wrong_byte() -> None:
    """A flipped bit, swapped chunks or a cut blob: an error, and only genuine bytes before it."""
    file_key, recording, blobs = await seal(SOUND, 10_000)
    honest = blobs.blobs[recording.blob]
    chunk = CHUNK_BYTES + 16
    first, second = honest[16 : 16 + chunk], honest[16 + chunk : 16 + 2 * chunk]
    flipped = bytearray(honest)
    flipped[16 + 2 * chunk + 5] ^= 1
    for forged in (
        bytes(flipped),
        honest[:16] + second + first + honest[16 + 2 * chunk :],
        honest[:-1] + b"\0",
    ):
        blobs.blobs[recording.blob] = forged
        given_out = bytearray()
        with pytest.raises(PayloadCorrupt):
            await read_into(given_out, file_key, recording, blobs)
        assert SOUND.startswith(given_out)

    blobs.blobs[recording.blob] = honest[:-1]
    with pytest.raises(StoreUnavailable):
        await read(file_key, recording, blobs, 0, recording.bytes)


async def test_another_key_opens_nothing() -> None:
    """The file key of one recording is of no use for another's payload."""
    _, recording, blobs = await seal(SOUND, 10_000)

    with pytest.raises(PayloadCorrupt):
        await read(FileKey.generate(), recording, blobs, 0, 10)


async def test_a_range_reads_its_chunks_only() -> None:
    """A byte in the middle costs one chunk, whatever the size of the recording."""
    file_key, recording, blobs = await seal(SOUND, 10_000)
    asked: list[tuple[int, int]] = []

    class Watched(MemoryBlobs):
        """A store that notes what was read."""

        def read(self, key: BlobKey, offset: int, length: int):  # type: ignore[no-untyped-def]  # noqa: ANN202 - as in the fake
            """Note the range."""
            asked.append((offset, length))
            return super().read(key, offset, length)

    await read(file_key, recording, Watched(blobs.blobs), CHUNK_BYTES + 5, CHUNK_BYTES + 6)

    assert asked == [(16 + CHUNK_BYTES + 16, CHUNK_BYTES + 16)]
