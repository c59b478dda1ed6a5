"""Post-quantum recipients: ML-KEM-768 and X25519 together, so that both must be broken.

C2SP age v1, "The MLKEM768-X25519 hybrid post-quantum recipient type"; HPKE is RFC 9180, its key encapsulation
draft-ietf-hpke-pq-03, MLKEM768-X25519 (the same as X-Wing).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import shake_256
from typing import ClassVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from keys.age import base64, bech32
from keys.age.file_key import FileKey
from keys.age.stanza import Stanza
from keys.errors import MalformedHeader, MalformedIdentity
from keys.secret import Secret

IDENTITY_PREFIX = "AGE-SECRET-KEY-PQ-"
RECIPIENT_PREFIX = "age1pq"
_KIND = "mlkem768x25519"
_INFO = b"age-encryption.org/mlkem768x25519"
_SEED_BYTES = 32
_MLKEM_SEED_BYTES = 64  # FIPS 203: d ‖ z
_MLKEM_PUBLIC_BYTES = 1184
_MLKEM_CIPHERTEXT_BYTES = 1088
_X25519_BYTES = 32
_PUBLIC_BYTES = _MLKEM_PUBLIC_BYTES + _X25519_BYTES
_ENC_BYTES = _MLKEM_CIPHERTEXT_BYTES + _X25519_BYTES
_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


@dataclass(frozen=True, slots=True)
class HybridRecipient:
    """A public key: 1184 bytes of ML-KEM-768, then 32 of X25519. `str()` gives `age1pq1…`."""

    public: bytes
    post_quantum: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if len(self.public) != _PUBLIC_BYTES:
            raise MalformedIdentity(f"a post-quantum recipient has {_PUBLIC_BYTES} bytes")
        self._public_key()

    @classmethod
    def parse(cls, text: str) -> HybridRecipient:
        """Read `age1pq1…`; raise `MalformedIdentity`."""
        return cls(bech32.decode(RECIPIENT_PREFIX, text))

    def __str__(self) -> str:
        return bech32.encode(RECIPIENT_PREFIX, self.public)

    def wrap(self, file_key: FileKey) -> Stanza:
        """Encrypt `file_key` by HPKE's SealBase."""
        sealed = _SUITE.encrypt(file_key.secret.reveal(), self._public_key(), _INFO)
        return Stanza(_KIND, (base64.encode(sealed[:_ENC_BYTES]),), sealed[_ENC_BYTES:])

    def _public_key(self) -> MLKEM768X25519PublicKey:
        mlkem, x25519 = self.public[:_MLKEM_PUBLIC_BYTES], self.public[_MLKEM_PUBLIC_BYTES:]
        try:
            return MLKEM768X25519PublicKey(
                MLKEM768PublicKey.from_public_bytes(mlkem), X25519PublicKey.from_public_bytes(x25519)
            )
        except ValueError:  # FIPS 203, section 7.2: coefficients must be reduced
            raise MalformedIdentity("this post-quantum recipient is no ML-KEM-768 key") from None


@dataclass(frozen=True, slots=True)
class HybridIdentity:
    """A private key, kept as its seed of 32 bytes."""

    seed: Secret

    def __post_init__(self) -> None:
        if len(self.seed) != _SEED_BYTES:
            raise MalformedIdentity(f"a post-quantum identity has {_SEED_BYTES} bytes")

    @classmethod
    def generate(cls) -> HybridIdentity:
        """Draw a new identity."""
        return cls(Secret(secrets.token_bytes(_SEED_BYTES)))

    @classmethod
    def parse(cls, text: str) -> HybridIdentity:
        """Read `AGE-SECRET-KEY-PQ-1…`; raise `MalformedIdentity`."""
        return cls(Secret(bech32.decode(IDENTITY_PREFIX, text)))

    def encode(self) -> Secret:
        """Return `AGE-SECRET-KEY-PQ-1…`, in ASCII."""
        return Secret(bech32.encode(IDENTITY_PREFIX, self.seed.reveal()).encode("ascii"))

    @property
    def recipient(self) -> HybridRecipient:
        """The public side of this identity."""
        mlkem, x25519 = self._halves()
        return HybridRecipient(mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw())

    def unwrap(self, stanzas: Sequence[Stanza]) -> FileKey | None:
        """Decrypt the first `mlkem768x25519` stanza meant for this identity; see `Identity.unwrap`."""
        addressed = [stanza for stanza in stanzas if stanza.kind == _KIND]
        return next(filter(None, map(self._unwrap_one, addressed)), None)

    def _unwrap_one(self, stanza: Stanza) -> FileKey | None:
        stanza.require_arguments(1)
        enc = stanza.binary(0, _ENC_BYTES)
        stanza.require_body()
        mlkem, x25519 = self._halves()
        _refuse_low_order(x25519, enc[_MLKEM_CIPHERTEXT_BYTES:])
        try:
            opened = _SUITE.decrypt(enc + stanza.body, MLKEM768X25519PrivateKey(mlkem, x25519), _INFO)
        except InvalidTag:
            return None
        return FileKey(Secret(opened))

    def _halves(self) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
        """Expand the seed, as MLKEM768-X25519 does: 64 bytes for ML-KEM, then 32 for X25519."""
        expanded = shake_256(self.seed.reveal()).digest(_MLKEM_SEED_BYTES + _X25519_BYTES)
        return (
            MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_BYTES]),
            X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED_BYTES:]),
        )


def _refuse_low_order(private: X25519PrivateKey, share: bytes) -> None:
    """Raise `MalformedHeader` for a share whose shared secret is zero.

    `Suite.decrypt` answers alike for this and for a wrong key, yet no honest sender makes such a share.
    """
    try:
        private.exchange(X25519PublicKey.from_public_bytes(share))
    except ValueError:
        raise MalformedHeader("the X25519 share is a point of low order") from None
