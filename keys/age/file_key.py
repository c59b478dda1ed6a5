"""The file key: the one secret that a header wraps and a payload is encrypted with.

C2SP age v1, "File key".
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from keys.secret import Secret

FILE_KEY_BYTES = 16
WRAPPED_BYTES = 32  # with the tag of ChaCha20-Poly1305

# "the ChaCha20-Poly1305 nonce is fixed as 12 0x00 bytes": a wrap key wraps one file key.
_WRAP_NONCE = bytes(12)


@dataclass(frozen=True, slots=True)
class FileKey:
    """16 secret bytes, never used for a second file."""

    secret: Secret

    def __post_init__(self) -> None:
        if len(self.secret) != FILE_KEY_BYTES:
            raise ValueError(f"a file key has {FILE_KEY_BYTES} bytes")

    @classmethod
    def generate(cls) -> FileKey:
        """Draw a new file key."""
        return cls(Secret(secrets.token_bytes(FILE_KEY_BYTES)))


def wrap_file_key(wrap_key: bytes, file_key: FileKey) -> bytes:
    """Encrypt `file_key` under a 32-byte key that is used for nothing else; 32 bytes."""
    return ChaCha20Poly1305(wrap_key).encrypt(_WRAP_NONCE, file_key.secret.reveal(), None)


def unwrap_file_key(wrap_key: bytes, body: bytes) -> FileKey | None:
    """Decrypt a 32-byte stanza body; None if it was wrapped under another key.

    The caller has checked the length of `body`, by `Stanza.require_body`.
    """
    try:
        return FileKey(Secret(ChaCha20Poly1305(wrap_key).decrypt(_WRAP_NONCE, body, None)))
    except InvalidTag:
        return None
