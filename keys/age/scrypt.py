"""age's own password stanza: opened, never written.

C2SP age v1, "The scrypt recipient type". People protect identity files with it (`age -p`); what Callvault
seals to a password has the stanza of `keys.age.argon2id`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from keys.age.file_key import FileKey, unwrap_file_key
from keys.age.stanza import Stanza
from keys.errors import MalformedHeader
from keys.secret import Secret

_KIND = "scrypt"
_SALT_LABEL = b"age-encryption.org/v1/scrypt"
_SALT_BYTES = 16
_KEY_BYTES = 32
# The `age` program writes 18. 20 is a gigabyte of memory; no header may ask for more.
_MOST_LOG_WORK = 20
_WORK_FACTOR = re.compile(r"[1-9][0-9]*", re.ASCII)


def require_alone(stanzas: Sequence[Stanza]) -> None:
    """Raise `MalformedHeader` if an `scrypt` stanza stands beside any other.

    "This is to uphold an expectation of authentication that is implicit in password-based encryption."
    """
    if len(stanzas) > 1 and any(stanza.kind == _KIND for stanza in stanzas):
        raise MalformedHeader("an scrypt stanza stands alone in its header")


@dataclass(frozen=True, slots=True)
class ScryptIdentity:
    """Someone who says that `password` is the password of an age file."""

    password: Secret

    def unwrap(self, stanzas: Sequence[Stanza]) -> FileKey | None:
        """Decrypt the `scrypt` stanza, if there is one; see `Identity.unwrap`."""
        require_alone(stanzas)
        return self._unwrap_one(stanzas[0]) if stanzas[0].kind == _KIND else None

    def _unwrap_one(self, stanza: Stanza) -> FileKey | None:
        stanza.require_arguments(2)
        salt = stanza.binary(0, _SALT_BYTES)
        log_work = _log_work(stanza.arguments[1])
        stanza.require_body()
        kdf = Scrypt(salt=_SALT_LABEL + salt, length=_KEY_BYTES, n=1 << log_work, r=8, p=1)
        return unwrap_file_key(kdf.derive(self.password.reveal()), stanza.body)


def _log_work(text: str) -> int:
    # Length before value: a number of a million digits is slow to read.
    if not _WORK_FACTOR.fullmatch(text) or len(text) > len(str(_MOST_LOG_WORK)):
        raise MalformedHeader("the scrypt work factor is not a decimal number within limits")
    if int(text) > _MOST_LOG_WORK:
        raise MalformedHeader("the scrypt work factor asks for too much memory")
    return int(text)
