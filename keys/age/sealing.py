"""Sealing a payload: plaintext in, chunks out, in one pass and constant memory.

C2SP age v1, "Payload".
"""

from __future__ import annotations

import secrets

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from keys.age.file_key import FileKey
from keys.age.layout import (
    CHUNK_BYTES,
    NONCE_BYTES,
    SEALED_CHUNK_BYTES,
    TAG_BYTES,
    chunk_nonce,
)
from keys.derive import hkdf

Buffer = bytes | bytearray | memoryview


def payload_cipher(file_key: FileKey, nonce: bytes) -> ChaCha20Poly1305:
    """Return the cipher of one payload, under a key of file key and nonce."""
    return ChaCha20Poly1305(hkdf(file_key.secret.reveal(), salt=nonce, info=b"payload"))


class PayloadSealer:
    """Seals one payload, in order. Not to be used by two threads at once.

    A payload can't end without a marked chunk: up to 64 KiB of plaintext are held back until more follow or
    `finish` marks them as the last.
    """

    __slots__ = (
        "_cipher",
        "_finished",
        "_held",
        "_held_bytes",
        "_index",
        "_nonce_is_out",
        "_scratch",
        "nonce",
    )

    def __init__(self, file_key: FileKey) -> None:
        self.nonce = secrets.token_bytes(NONCE_BYTES)
        self._cipher = payload_cipher(file_key, self.nonce)
        self._index = 0
        self._held = memoryview(bytearray(CHUNK_BYTES))
        self._held_bytes = 0
        self._nonce_is_out = False
        self._finished = False
        self._scratch = bytearray()

    def update(self, plaintext: Buffer) -> bytes:
        """Take more plaintext; return what is sealed for certain, which may be nothing.

        The first answer begins with the nonce. Pieces of 256 KiB are a good size here, and larger
        ones for `update_into`.
        """
        needed = self.ready_bytes(len(plaintext))
        if len(self._scratch) < needed:
            self._scratch = bytearray(needed)
        # One reused buffer and one copy: a new megabyte for each piece costs more than its encryption.
        return bytes(memoryview(self._scratch)[: self.update_into(plaintext, self._scratch)])

    def ready_bytes(self, plaintext_bytes: int) -> int:
        """Return how many bytes `update` would return for so many bytes of plaintext."""
        chunks = max(0, self._held_bytes + plaintext_bytes - 1) // CHUNK_BYTES
        return chunks * SEALED_CHUNK_BYTES + (0 if self._nonce_is_out else NONCE_BYTES)

    def update_into(self, plaintext: Buffer, out: bytearray | memoryview) -> int:
        """Do as `update`, without a copy: write into `out` and return how many bytes it now holds.

        Raises `ValueError` if `out` is smaller than `ready_bytes` says.
        """
        if self._finished:
            raise ValueError("this payload is finished")
        source, target = memoryview(plaintext).cast("B"), memoryview(out)
        if len(target) < self.ready_bytes(len(source)):
            raise ValueError("the buffer is too small for what is ready")
        written = self._put_nonce(target)
        taken = self._hold(source) if self._held_bytes else 0
        if self._held_bytes and taken < len(source):
            written += self._seal(self._held, target[written:], last=False)
            self._held_bytes = 0
        # Straight from the caller's buffer. A whole chunk at its end is held too: it may be the last.
        while len(source) - taken > CHUNK_BYTES:
            chunk = source[taken : taken + CHUNK_BYTES]
            written += self._seal(chunk, target[written:], last=False)
            taken += CHUNK_BYTES
        self._hold(source[taken:])
        return written

    def finish(self) -> bytes:
        """Seal what is held back as the last chunk and return it; nothing can follow.

        The answer begins with the nonce if there never was an `update`.
        """
        if self._finished:
            raise ValueError("this payload is finished")
        out = bytearray(NONCE_BYTES + self._held_bytes + TAG_BYTES)
        written = self._put_nonce(memoryview(out))
        written += self._seal(self._held[: self._held_bytes], memoryview(out)[written:], last=True)
        self._finished = True
        return bytes(memoryview(out)[:written])

    def _put_nonce(self, target: memoryview) -> int:
        if self._nonce_is_out:
            return 0
        target[:NONCE_BYTES] = self.nonce
        self._nonce_is_out = True
        return NONCE_BYTES

    def _hold(self, plaintext: memoryview) -> int:
        """Copy as much as fits beside what is held; return how much that was."""
        taken = min(len(plaintext), CHUNK_BYTES - self._held_bytes)
        self._held[self._held_bytes : self._held_bytes + taken] = plaintext[:taken]
        self._held_bytes += taken
        return taken

    def _seal(self, chunk: memoryview, target: memoryview, *, last: bool) -> int:
        nonce = chunk_nonce(self._index, last=last)
        self._index += 1
        return self._cipher.encrypt_into(nonce, chunk, None, target[: len(chunk) + TAG_BYTES])
