"""X25519 recipients, for interoperability with older programs. Not post-quantum.

C2SP age v1, "The X25519 recipient type".
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from keys.age import base64, bech32
from keys.age.file_key import FileKey, unwrap_file_key, wrap_file_key
from keys.age.stanza import Stanza
from keys.derive import hkdf
from keys.errors import MalformedHeader, MalformedIdentity
from keys.secret import Secret

IDENTITY_PREFIX = "AGE-SECRET-KEY-"
RECIPIENT_PREFIX = "age"
_KIND = "X25519"
_INFO = b"age-encryption.org/v1/X25519"
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class X25519Recipient:
    """A public key of 32 bytes. `str()` gives `age1…`."""

    public: bytes
    post_quantum: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if len(self.public) != _KEY_BYTES:
            raise MalformedIdentity(f"an X25519 recipient has {_KEY_BYTES} bytes")
        # Found out here rather than when a recording waits to be sealed.
        _exchange(X25519PrivateKey.generate(), self.public, MalformedIdentity)

    @classmethod
    def parse(cls, text: str) -> X25519Recipient:
        """Read `age1…`; raise `MalformedIdentity`."""
        return cls(bech32.decode(RECIPIENT_PREFIX, text))

    def __str__(self) -> str:
        return bech32.encode(RECIPIENT_PREFIX, self.public)

    def wrap(self, file_key: FileKey) -> Stanza:
        """Encrypt `file_key` under the secret shared with a new ephemeral key."""
        ephemeral = X25519PrivateKey.generate()
        share = ephemeral.public_key().public_bytes_raw()
        shared = _exchange(ephemeral, self.public, MalformedIdentity)
        body = wrap_file_key(hkdf(shared, salt=share + self.public, info=_INFO), file_key)
        return Stanza(_KIND, (base64.encode(share),), body)


@dataclass(frozen=True, slots=True)
class X25519Identity:
    """A private key of 32 bytes."""

    scalar: Secret

    def __post_init__(self) -> None:
        if len(self.scalar) != _KEY_BYTES:
            raise MalformedIdentity(f"an X25519 identity has {_KEY_BYTES} bytes")

    @classmethod
    def generate(cls) -> X25519Identity:
        """Draw a new identity."""
        return cls(Secret(secrets.token_bytes(_KEY_BYTES)))

    @classmethod
    def parse(cls, text: str) -> X25519Identity:
        """Read `AGE-SECRET-KEY-1…`; raise `MalformedIdentity`."""
        return cls(Secret(bech32.decode(IDENTITY_PREFIX, text)))

    def encode(self) -> Secret:
        """Return `AGE-SECRET-KEY-1…`, in ASCII."""
        return Secret(bech32.encode(IDENTITY_PREFIX, self.scalar.reveal()).encode("ascii"))

    @property
    def recipient(self) -> X25519Recipient:
        """The public side of this identity."""
        return X25519Recipient(self._private_key().public_key().public_bytes_raw())

    def unwrap(self, stanzas: Sequence[Stanza]) -> FileKey | None:
        """Decrypt the first `X25519` stanza meant for this identity; see `Identity.unwrap`."""
        addressed = [stanza for stanza in stanzas if stanza.kind == _KIND]
        return next(filter(None, map(self._unwrap_one, addressed)), None)

    def _unwrap_one(self, stanza: Stanza) -> FileKey | None:
        stanza.require_arguments(1)
        share = stanza.binary(0, _KEY_BYTES)
        stanza.require_body()
        private = self._private_key()
        # "If the shared secret is all 0x00 bytes, the identity implementation MUST abort."
        shared = _exchange(private, share, MalformedHeader)
        salt = share + private.public_key().public_bytes_raw()
        return unwrap_file_key(hkdf(shared, salt=salt, info=_INFO), stanza.body)

    def _private_key(self) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(self.scalar.reveal())


def _exchange(
    private: X25519PrivateKey, public: bytes, error: type[MalformedHeader | MalformedIdentity]
) -> bytes:
    """Return the shared secret; raise `error` if it is all zero (RFC 7748, section 6.1)."""
    try:
        return private.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        raise error("the X25519 public value is a point of low order") from None
