"""Payloads: what is sealed comes back, whole or in ranges, and nothing else does."""

from __future__ import annotations

import random
from io import BytesIO
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.age import (
    CHUNK_BYTES,
    NONCE_BYTES,
    SEALED_CHUNK_BYTES,
    FileKey,
    PayloadOpener,
    PayloadSealer,
    open_stream,
    plaintext_bytes,
    sealed_bytes,
    span,
)
from keys.errors import MalformedHeader, PayloadCorrupt
from keys.secret import Secret

KEY = FileKey(Secret(b"sixteen bytes ok"))
SIZES = [0, 1, 16, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 3 * CHUNK_BYTES + 7]


def noise(size: int) -> bytes:
    """Bytes in which no two places look alike, the same each time."""
    return random.Random(size).randbytes(size)  # noqa: S311  the same each time is the point


def seal(plaintext: bytes, *cuts: int) -> bytes:
    """Seal `plaintext`, handed over in pieces that end at `cuts`."""
    sealer = PayloadSealer(KEY)
    edges = [0, *sorted(cuts), len(plaintext)]
    pieces = [sealer.update(plaintext[a:b]) for a, b in pairwise(edges)]
    return b"".join(pieces) + sealer.finish()


def open_whole(sealed: bytes, size: int) -> bytes:
    """Open a whole payload as one run of chunks."""
    return PayloadOpener(KEY, sealed[:NONCE_BYTES], size).open(0, sealed[NONCE_BYTES:])


def stream(sealed: bytes) -> bytes:
    """Open a whole payload as a stream."""
    return b"".join(open_stream(KEY, BytesIO(sealed).read))


@pytest.mark.parametrize("size", SIZES)
def test_round_trip(size: int) -> None:
    """Every edge of the chunk size comes back, and the sizes are told beforehand."""
    sealed = seal(noise(size))

    assert open_whole(sealed, size) == stream(sealed) == noise(size)
    assert len(sealed) == sealed_bytes(size)
    assert plaintext_bytes(len(sealed)) == size


@settings(max_examples=60, deadline=None)
@given(data=st.data(), size=st.integers(0, 4 * CHUNK_BYTES))
def test_pieces_make_no_difference(data: st.DataObject, size: int) -> None:
    """However the plaintext is cut into pieces, the payload opens to it."""
    cuts = data.draw(st.lists(st.integers(0, size), max_size=6))

    assert stream(seal(noise(size), *cuts)) == noise(size)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), size=st.sampled_from(SIZES))
def test_every_range(data: st.DataObject, size: int) -> None:
    """A range costs only its own chunks, and is exactly the bytes asked for."""
    start = data.draw(st.integers(0, size))
    stop = data.draw(st.integers(start, size))
    sealed = seal(noise(size))
    opener = PayloadOpener(KEY, sealed[:NONCE_BYTES], size)

    part = span(start, stop, size)
    opened = opener.open(part.first_chunk, sealed[part.offset : part.offset + part.length])

    touched = stop // CHUNK_BYTES - start // CHUNK_BYTES + 1
    assert 0 < part.length <= touched * SEALED_CHUNK_BYTES
    assert opened[part.skip : part.skip + part.keep] == noise(size)[start:stop]


def test_a_range_within_a_chunk_costs_one() -> None:
    """One byte reads one chunk; two bytes across a border read two."""
    size = 10 * CHUNK_BYTES

    assert span(5 * CHUNK_BYTES, 5 * CHUNK_BYTES + 1, size).length == SEALED_CHUNK_BYTES
    assert span(5 * CHUNK_BYTES - 1, 5 * CHUNK_BYTES + 1, size).length == 2 * SEALED_CHUNK_BYTES
    assert span(5 * CHUNK_BYTES, 6 * CHUNK_BYTES, size).offset == NONCE_BYTES + 5 * SEALED_CHUNK_BYTES


@pytest.mark.parametrize(("start", "stop"), [(-1, 1), (2, 1), (0, 11), (11, 11)])
def test_a_range_outside_is_refused(start: int, stop: int) -> None:
    """A range that the payload does not have is an error, not a shorter answer."""
    with pytest.raises(ValueError, match="range"):
        span(start, stop, 10)


def test_an_empty_payload_is_authenticated() -> None:
    """Even nothing is opened: its one chunk must be genuine."""
    sealed = seal(b"")
    part = span(0, 0, 0)
    assert part.length == 16

    with pytest.raises(PayloadCorrupt):
        open_whole(sealed[:-1] + bytes([sealed[-1] ^ 1]), 0)


@pytest.mark.parametrize("size", [0, 15, 31, 16 + 65552 + 1, 16 + 65552 + 16])
def test_impossible_sizes(size: int) -> None:
    """A size that no payload has is corrupt before anything is read."""
    with pytest.raises(PayloadCorrupt):
        plaintext_bytes(size)


@given(st.integers(0, 1 << 50))
def test_sizes_are_inverse(size: int) -> None:
    """Sizes convert back and forth for anything up to a petabyte."""
    assert plaintext_bytes(sealed_bytes(size)) == size


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_flipped_bit_is_found(data: st.DataObject) -> None:
    """No bit of nonce, content or tag can change unseen, by either way of opening."""
    size = CHUNK_BYTES + 100
    sealed = bytearray(seal(noise(size)))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8

    with pytest.raises(PayloadCorrupt):
        open_whole(bytes(sealed), size)
    with pytest.raises(PayloadCorrupt):
        stream(bytes(sealed))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, sealed_bytes(2 * CHUNK_BYTES) - 1))
def test_a_cut_is_found(length: int) -> None:
    """A payload cut anywhere, a border of chunks included, never passes for a whole one."""
    sealed = seal(noise(2 * CHUNK_BYTES))[:length]

    with pytest.raises((PayloadCorrupt, MalformedHeader)):
        stream(sealed)
    with pytest.raises(PayloadCorrupt):
        PayloadOpener(KEY, bytes(NONCE_BYTES), 2 * CHUNK_BYTES).open(0, sealed[NONCE_BYTES:])


def test_chunks_keep_their_place() -> None:
    """Chunks swapped, dropped, repeated or taken from another payload don't open."""
    size = 3 * CHUNK_BYTES
    sealed, other = seal(noise(size)), seal(noise(size))
    nonce, *chunks = sealed[:16], sealed[16:65568], sealed[65568:131120], sealed[131120:]
    foreign = other[16:65568]

    for order in ([1, 0, 2], [0, 2], [0, 0, 1, 2], [0, 1, 1]):
        with pytest.raises(PayloadCorrupt):
            stream(nonce + b"".join(chunks[i] for i in order))
    with pytest.raises(PayloadCorrupt):
        stream(nonce + foreign + chunks[1] + chunks[2])
    opener = PayloadOpener(KEY, nonce, size)
    with pytest.raises(PayloadCorrupt):
        opener.open(1, chunks[0])


def test_only_runs_of_whole_chunks_open() -> None:
    """Half a chunk, none, or one beyond the end is refused."""
    sealed = seal(noise(2 * CHUNK_BYTES))
    opener = PayloadOpener(KEY, sealed[:16], 2 * CHUNK_BYTES)

    for first, run in ((0, b""), (2, sealed[16:65568]), (-1, sealed[16:65568])):
        with pytest.raises(PayloadCorrupt):
            opener.open(first, run)
    with pytest.raises(PayloadCorrupt, match="cut short"):
        opener.open(0, sealed[16 : 65568 + 10])


def test_another_size_is_found() -> None:
    """Who lies about the size can't hide the end of a recording: the last chunk is marked."""
    sealed = seal(noise(2 * CHUNK_BYTES))

    with pytest.raises(PayloadCorrupt):
        PayloadOpener(KEY, sealed[:16], CHUNK_BYTES).open(0, sealed[16:65568])


def test_another_file_key_opens_nothing() -> None:
    """The wrong file key releases no byte."""
    with pytest.raises(PayloadCorrupt):
        next(open_stream(FileKey.generate(), BytesIO(seal(b"call")).read))


def test_a_stream_may_come_in_drops() -> None:
    """A reader that gives one byte at a time gives the same plaintext."""
    source = BytesIO(seal(noise(1000)))

    assert b"".join(open_stream(KEY, lambda _: source.read(1))) == noise(1000)


def test_a_final_chunk_is_full_or_short_but_marked() -> None:
    """A multiple of the chunk size ends in a full marked chunk, without an empty one after it."""
    sealer = PayloadSealer(KEY)

    ready = sealer.update(noise(2 * CHUNK_BYTES))
    rest = sealer.finish()

    assert len(ready) == NONCE_BYTES + SEALED_CHUNK_BYTES
    assert len(rest) == SEALED_CHUNK_BYTES


def test_nothing_follows_the_end() -> None:
    """A finished payload takes no more, so its marked chunk stays the last."""
    sealer = PayloadSealer(KEY)
    sealer.finish()

    with pytest.raises(ValueError, match="finished"):
        sealer.update(b"more")
    with pytest.raises(ValueError, match="finished"):
        sealer.finish()


def test_into_a_buffer() -> None:
    """The ways without a copy give the same, and refuse a buffer that is too small before they write."""
    plaintext = noise(200_000)
    sealer = PayloadSealer(KEY)
    out = bytearray(sealer.ready_bytes(len(plaintext)))
    with pytest.raises(ValueError, match="too small"):
        sealer.update_into(plaintext, memoryview(out)[:-1])

    written = sealer.update_into(memoryview(plaintext), out)
    sealed = bytes(out[:written]) + sealer.finish()

    room = bytearray(len(plaintext))
    opener = PayloadOpener(KEY, sealer.nonce, len(plaintext))
    assert opener.open_into(0, memoryview(sealed)[16:], room) == len(plaintext)
    assert room == plaintext
    with pytest.raises(ValueError, match="buffer"):
        opener.open_into(0, sealed[16:], bytearray(100))


def test_every_payload_is_its_own() -> None:
    """The same plaintext under the same file key never gives the same payload: the nonce is new."""
    assert seal(b"call")[:NONCE_BYTES] != seal(b"call")[:NONCE_BYTES]
    assert seal(b"call")[NONCE_BYTES:] != seal(b"call")[NONCE_BYTES:]


def test_buffers_are_not_shared_with_the_caller() -> None:
    """What was handed out does not change when more is sealed."""
    sealer = PayloadSealer(KEY)
    first = sealer.update(noise(300_000))
    before = bytes(bytearray(first))

    sealer.update(noise(300_001))

    assert first == before
