"""Prove that one knows a password, without showing it: who asks keeps a salt and a digest alone.

Whoever proves hashes the password with the salt on their own machine (Argon2id, RFC 9106) and sends what is
derived from that. What is kept proves nothing: it is a digest of the answer. The answer opens nothing: its
hash is of another purpose than a password stanza's, whatever salt somebody asks with.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Self

from keys.age.argon2id import hash_password
from keys.derive import derive
from keys.secret import Secret

SALT_BYTES = 16
_PURPOSE = "callvault/password proof"


@dataclass(frozen=True, slots=True)
class Expected:
    """What the right answer is known by: the salt to ask with, and SHA-256 of the answer."""

    salt: bytes
    digest: bytes

    @classmethod
    def from_password(cls, password: Secret) -> Self:
        """Draw a salt, and keep the digest of what the password answers; costs one Argon2id."""
        salt = secrets.token_bytes(SALT_BYTES)
        return cls(salt, _digest(answer(password, salt)))

    def met_by(self, given: Secret) -> bool:
        """Say whether it is the right answer, in the same time for every wrong one."""
        return hmac.compare_digest(_digest(given), self.digest)


def answer(password: Secret, salt: bytes) -> Secret:
    """Return the answer, 64 hexadecimal digits; costs one Argon2id.

    The password is normalised already (`keys.passwords.normalise`). Raises `ValueError` for a salt of another
    size than 16 bytes.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt is {SALT_BYTES} bytes")
    hashed = Secret(hash_password(password, _PURPOSE, salt))
    return Secret(derive(hashed, "password proof").reveal().hex().encode())


def _digest(given: Secret) -> bytes:
    return hashlib.sha256(given.reveal()).digest()
