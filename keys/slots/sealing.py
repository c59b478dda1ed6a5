"""Sealing under a slot: what is revoked by destroying the slot lies encrypted like this.

    salt (16 bytes) ‖ ChaCha20-Poly1305 ciphertext and tag

The key is HKDF-SHA256 (RFC 5869) of the slot with that salt. The fresh salt makes every key new, so
the nonce is zero (RFC 8439 asks that a key never sees a nonce twice), and a slot may hold several
ciphertexts. The associated data binds a ciphertext to what it is.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from keys.errors import SlotMismatch
from keys.secret import Secret
from keys.slots.layout import SLOT_BYTES, ZERO_SLOT

SALT_BYTES = 16
TAG_BYTES = 16
_INFO = b"callvault/slot v1"
_NONCE = bytes(12)


def seal_under(slot: Secret, plaintext: bytes, *, bound_to: bytes) -> bytes:
    """Encrypt under a slot, bound to `bound_to`; 32 bytes longer than the plaintext."""
    salt = os.urandom(SALT_BYTES)
    return salt + _cipher(slot, salt).encrypt(_NONCE, plaintext, bound_to)


def open_under(slot: Secret, sealed: bytes, *, bound_to: bytes) -> bytes:
    """Decrypt what `seal_under` made.

    Raises `SlotMismatch` when it was changed, cut, bound to something else or under another slot.
    """
    if len(sealed) < SALT_BYTES + TAG_BYTES:
        raise SlotMismatch("what lies under the slot is too short")
    salt, ciphertext = sealed[:SALT_BYTES], sealed[SALT_BYTES:]
    try:
        return _cipher(slot, salt).decrypt(_NONCE, ciphertext, bound_to)
    except InvalidTag:
        raise SlotMismatch("what lies under the slot does not authenticate") from None


def _cipher(slot: Secret, salt: bytes) -> ChaCha20Poly1305:
    key = slot.reveal()
    # A destroyed slot is no key: everybody knows it.
    if len(key) != SLOT_BYTES or key == ZERO_SLOT:
        raise ValueError("a slot is 32 bytes, not all zero")
    return ChaCha20Poly1305(HKDF(SHA256(), 32, salt, _INFO).derive(key))
