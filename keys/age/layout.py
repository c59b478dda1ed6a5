"""Where things lie in a payload: a nonce of 16 bytes, then sealed chunks.

C2SP age v1, "Payload". A chunk holds 64 KiB of plaintext and a tag of 16 bytes; only the last may be shorter,
and it is empty only if the whole payload is. So sizes and places follow from the size of the plaintext alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from keys.errors import PayloadCorrupt

CHUNK_BYTES = 65536
TAG_BYTES = 16
SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES
NONCE_BYTES = 16


def chunk_count(plaintext_bytes: int) -> int:
    """Return how many chunks hold so many bytes of plaintext: at least one."""
    return max(1, -(-plaintext_bytes // CHUNK_BYTES))


def sealed_bytes(plaintext_bytes: int) -> int:
    """Return the size of a whole payload, with its nonce, that holds so many bytes of plaintext."""
    return NONCE_BYTES + plaintext_bytes + TAG_BYTES * chunk_count(plaintext_bytes)


def plaintext_bytes(sealed_bytes: int) -> int:
    """Return how many bytes of plaintext a payload of this size, with its nonce, holds.

    Raises `PayloadCorrupt` for a size that no payload has.
    """
    whole, rest = divmod(sealed_bytes - NONCE_BYTES, SEALED_CHUNK_BYTES)
    if whole < 0 or (whole == 0 and rest < TAG_BYTES) or (whole > 0 and 0 < rest <= TAG_BYTES):
        raise PayloadCorrupt("no payload has this size: it is cut short, or something follows it")
    return whole * CHUNK_BYTES + max(0, rest - TAG_BYTES)


def chunk_nonce(index: int, *, last: bool) -> bytes:
    """Return the AEAD nonce of a chunk: a counter of 11 bytes, then 1 for the last chunk or 0."""
    return (index << 8 | last).to_bytes(12, "big")


@dataclass(frozen=True, slots=True)
class ChunkSpan:
    """The whole chunks that hold a range of plaintext.

    Read `length` bytes at `offset` of the payload (its nonce counted), open them from `first_chunk` on, drop
    `skip` bytes of what comes out and keep `keep`.
    """

    first_chunk: int
    offset: int
    length: int
    skip: int
    keep: int


def span(start: int, stop: int, plaintext_bytes: int) -> ChunkSpan:
    """Return the chunks that hold plaintext bytes [start, stop) of a payload of `plaintext_bytes`.

    At least one chunk, even for an empty range: so an empty payload is authenticated too. Raises `ValueError`
    for a range that does not lie within the plaintext.
    """
    if not 0 <= start <= stop <= plaintext_bytes:
        raise ValueError("the range does not lie within the plaintext")
    first = min(start // CHUNK_BYTES, chunk_count(plaintext_bytes) - 1)
    end = max(first + 1, chunk_count(stop))
    offset = NONCE_BYTES + first * SEALED_CHUNK_BYTES
    return ChunkSpan(
        first_chunk=first,
        offset=offset,
        length=min(NONCE_BYTES + end * SEALED_CHUNK_BYTES, sealed_bytes(plaintext_bytes)) - offset,
        skip=start - first * CHUNK_BYTES,
        keep=stop - start,
    )
