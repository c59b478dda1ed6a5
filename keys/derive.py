"""Keys from keys, and small things sealed under them.

HKDF-SHA-256 (RFC 5869) separates keys by label; ChaCha20-Poly1305 (RFC 8439) seals.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from keys.errors import SlotMismatch
from keys.secret import Secret

KEY_BYTES = 32  # RFC 8439, section 2.8
SALT_BYTES = 16
_TAG_BYTES = 16  # RFC 8439, section 2.8
# A key that encrypts one message only needs no nonce that differs.
_NONCE_OF_A_KEY_USED_ONCE = bytes(12)


def hkdf(key: bytes, *, salt: bytes, info: bytes, length: int = KEY_BYTES) -> bytes:
    """Return `length` bytes of HKDF-SHA-256 of `key` (RFC 5869, extract then expand)."""
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(key)


def derive(secret: Secret, label: str, *, salt: bytes = b"") -> Secret:
    """Derive a secret of 32 bytes that says nothing about `secret` or about other labels.

    `secret` must be hard to guess already: this is no password hash.
    """
    info = b"callvault/" + label.encode() + b" v1"
    return Secret(hkdf(secret.reveal(), salt=salt, info=info))


def seal_small(key: Secret, plaintext: bytes, bound_to: bytes) -> bytes:
    """Encrypt something small under `key`, bound to the context that `bound_to` names.

    The result is salt ‖ ciphertext, 32 bytes longer than `plaintext`. The salt makes a key of its own for
    every message, so that `key` may seal any number of them.
    """
    salt = secrets.token_bytes(SALT_BYTES)
    return salt + _aead(key, salt).encrypt(_NONCE_OF_A_KEY_USED_ONCE, plaintext, bound_to)


def open_small(key: Secret, sealed: bytes, bound_to: bytes) -> bytes:
    """Open what `seal_small` made; raise `SlotMismatch` for another key, context or content."""
    salt, ciphertext = sealed[:SALT_BYTES], sealed[SALT_BYTES:]
    if len(ciphertext) < _TAG_BYTES:
        raise SlotMismatch("what was sealed is cut short")
    try:
        return _aead(key, salt).decrypt(_NONCE_OF_A_KEY_USED_ONCE, ciphertext, bound_to)
    except InvalidTag:
        raise SlotMismatch("this was sealed under another key, for another place, or changed") from None


def _aead(key: Secret, salt: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(derive(key, "seal-small", salt=salt).reveal())
