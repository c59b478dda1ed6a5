"""Passwords as recipients: the stanza `callvault/argon2id`.

    -> callvault/argon2id <salt, 16 bytes> <memory in KiB> <passes> <lanes>
    <ChaCha20-Poly1305 of the file key>

It has the shape of age's `scrypt` stanza, with Argon2id (RFC 9106). The password is hashed as the bytes it is
given as; what people type is brought to one form before, by `keys.passwords.normalise`.

There are no knobs: one set of parameters is written, and no other is read. So nobody can make a server
spend gigabytes by a header, nor weaken a password by one.

Beside other stanzas. age wants `scrypt` to stand alone, so that a file which opens with a password was made
by someone who knew it. A locked identity is locked to a password and to the DPO office at once, so that is
given up here: whoever else can open such a file could replace its content and keep the stanzas. It is sound
for three reasons. Secrecy does not suffer, for each stanza wraps the file key independently of the others.
Those others may open and replace the locked identity anyway. And it lies under its slot, bound to whose it
is. Nobody outside gains anything: without the file key the header's MAC can't be made.

At most one password stanza stands in a header, so that opening costs one Argon2id.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from argon2.low_level import Type, hash_secret_raw

from keys.age import base64
from keys.age.file_key import FileKey, unwrap_file_key, wrap_file_key
from keys.age.stanza import Stanza
from keys.errors import MalformedHeader
from keys.secret import Secret

KIND = "callvault/argon2id"
# RFC 9106, section 4, second recommended option: 64 MiB, 3 passes, 4 lanes.
_MEMORY_KIB = 65536
_PASSES = 3
_LANES = 4
_PARAMETERS = (str(_MEMORY_KIB), str(_PASSES), str(_LANES))
_SALT_BYTES = 16
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class PasswordRecipient:
    """Whoever knows `password`. Symmetric, hence post-quantum."""

    password: Secret
    post_quantum: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not len(self.password):
            raise ValueError("a password is never empty")

    def wrap(self, file_key: FileKey) -> Stanza:
        """Encrypt `file_key` under a hash of the password; takes a good tenth of a second and 64 MiB."""
        salt = secrets.token_bytes(_SALT_BYTES)
        body = wrap_file_key(hash_password(self.password, KIND, salt), file_key)
        return Stanza(KIND, (base64.encode(salt), *_PARAMETERS), body)


@dataclass(frozen=True, slots=True)
class PasswordIdentity:
    """Someone who says that `password` is the password."""

    password: Secret

    def unwrap(self, stanzas: Sequence[Stanza]) -> FileKey | None:
        """Decrypt the password stanza, if there is one; see `Identity.unwrap`."""
        addressed = [stanza for stanza in stanzas if stanza.kind == KIND]
        if not addressed:
            return None
        if len(addressed) > 1:
            raise MalformedHeader("a header holds at most one password stanza")
        return self._unwrap_one(addressed[0])

    def _unwrap_one(self, stanza: Stanza) -> FileKey | None:
        stanza.require_arguments(1 + len(_PARAMETERS))
        salt = stanza.binary(0, _SALT_BYTES)
        if stanza.arguments[1:] != _PARAMETERS:
            raise MalformedHeader("the Argon2id parameters are not those of RFC 9106, second option")
        stanza.require_body()
        return unwrap_file_key(hash_password(self.password, KIND, salt), stanza.body)


def hash_password(password: Secret, purpose: str, salt: bytes) -> bytes:
    """Return 32 bytes that differ for every purpose and salt; takes a good tenth of a second and 64 MiB."""
    return hash_secret_raw(
        secret=password.reveal(),
        salt=purpose.encode("ascii") + salt,
        time_cost=_PASSES,
        memory_cost=_MEMORY_KIB,
        parallelism=_LANES,
        hash_len=_KEY_BYTES,
        type=Type.ID,
    )
