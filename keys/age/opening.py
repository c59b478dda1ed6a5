"""Opening a payload: any run of whole chunks, or a stream of unknown length.

C2SP age v1, "Payload". Only what has been authenticated is given out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from keys.age.file_key import FileKey
from keys.age.layout import (
    CHUNK_BYTES,
    NONCE_BYTES,
    SEALED_CHUNK_BYTES,
    chunk_count,
    chunk_nonce,
    sealed_bytes,
)
from keys.age.sealing import Buffer, payload_cipher
from keys.errors import MalformedHeader, PayloadCorrupt


class PayloadOpener:
    """Opens runs of chunks of one payload whose size is known. Not to be used by two threads at once."""

    __slots__ = ("_cipher", "_last_chunk", "_plaintext_bytes", "_scratch")

    def __init__(self, file_key: FileKey, nonce: bytes, plaintext_bytes: int) -> None:
        self._cipher = payload_cipher(file_key, nonce)
        self._plaintext_bytes = plaintext_bytes
        self._last_chunk = chunk_count(plaintext_bytes) - 1
        self._scratch = bytearray()

    def open(self, first_chunk: int, sealed: Buffer) -> bytes:
        """Return the plaintext of whole chunks, the first of which is number `first_chunk`.

        Raises `PayloadCorrupt` if one does not authenticate at its place, or `sealed` is no run of whole
        chunks.
        """
        if len(self._scratch) < len(sealed):
            self._scratch = bytearray(len(sealed))
        # One reused buffer and one copy: a new megabyte for each piece costs more than its decryption.
        return bytes(memoryview(self._scratch)[: self.open_into(first_chunk, sealed, self._scratch)])

    def open_into(self, first_chunk: int, sealed: Buffer, out: bytearray | memoryview) -> int:
        """Do as `open`, without a copy: write into `out` and return how many bytes of plaintext it now holds.

        `out` must have room for `len(sealed)` bytes less 16 for each chunk, else `ValueError`. After
        `PayloadCorrupt` its content is not to be used.
        """
        source, target = memoryview(sealed).cast("B"), memoryview(out)
        self._require_run(first_chunk, len(source))
        written = 0
        for number, at in enumerate(range(0, len(source), SEALED_CHUNK_BYTES), first_chunk):
            chunk = source[at : at + SEALED_CHUNK_BYTES]
            room = target[written : written + len(chunk) - (SEALED_CHUNK_BYTES - CHUNK_BYTES)]
            nonce = chunk_nonce(number, last=number == self._last_chunk)
            try:
                written += self._cipher.decrypt_into(nonce, chunk, None, room)
            except InvalidTag:
                raise PayloadCorrupt(f"chunk {number} does not authenticate") from None
        return written

    def _require_run(self, first_chunk: int, length: int) -> None:
        """Raise `PayloadCorrupt` unless so many bytes are whole chunks from `first_chunk` on, and exist."""
        end = NONCE_BYTES + first_chunk * SEALED_CHUNK_BYTES + length
        whole = sealed_bytes(self._plaintext_bytes)
        if first_chunk < 0 or length <= 0 or end > whole:
            raise PayloadCorrupt("these chunks lie outside the payload")
        if end < whole and length % SEALED_CHUNK_BYTES:
            raise PayloadCorrupt("a chunk is cut short")


def open_stream(file_key: FileKey, read: Callable[[int], bytes]) -> Iterator[bytes]:
    """Yield the plaintext of a payload, nonce first, chunk by chunk as it authenticates.

    `read(n)` returns at most `n` bytes and none at the end. Raises `MalformedHeader` if even the nonce is
    missing, and `PayloadCorrupt` as soon as something is wrong: what was yielded until then is genuine, but
    not all of it.
    """
    nonce = _read_fully(read, NONCE_BYTES)
    if len(nonce) < NONCE_BYTES:
        raise MalformedHeader("the file ends before the nonce of its payload")
    cipher = payload_cipher(file_key, nonce)
    index = 0
    sealed = _read_fully(read, SEALED_CHUNK_BYTES)
    while True:
        following = _read_fully(read, SEALED_CHUNK_BYTES) if len(sealed) == SEALED_CHUNK_BYTES else b""
        plaintext, last = _open_chunk(cipher, index, sealed, last=not following)
        yield plaintext
        if last and following:
            raise PayloadCorrupt("something follows the last chunk")
        if not last and not following:
            raise PayloadCorrupt("the payload ends without a last chunk")
        if last:
            return
        index, sealed = index + 1, following


def _open_chunk(cipher: ChaCha20Poly1305, index: int, sealed: bytes, *, last: bool) -> tuple[bytes, bool]:
    """Open a chunk, whichever way it is marked, the likelier first; return whether it was the last."""
    # A short chunk that is not marked as the last is never genuine.
    ways = (last, not last) if len(sealed) == SEALED_CHUNK_BYTES else (True,)
    for way in ways:
        try:
            plaintext = cipher.decrypt(chunk_nonce(index, last=way), sealed, None)
        except InvalidTag:
            continue
        if index and not plaintext:
            raise PayloadCorrupt("the last chunk is empty")
        return plaintext, way
    raise PayloadCorrupt(f"chunk {index} does not authenticate")


def _read_fully(read: Callable[[int], bytes], length: int) -> bytes:
    """Read until `length` bytes are there or no more come."""
    data = read(length)
    while data and len(data) < length:
        more = read(length - len(data))
        if not more:
            break
        data += more
    return data
