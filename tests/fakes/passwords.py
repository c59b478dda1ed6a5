"""Password checks that are real, remembered, and counted."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field

from keys.age import FileKey, HybridIdentity, PasswordIdentity, open_header
from keys.errors import NoMatchingIdentity
from keys.identities import unlock
from keys.secret import Secret
from vault.errors import Overloaded

_REMEMBERED: dict[bytes, HybridIdentity | None] = {}
_HEADERS: dict[bytes, FileKey | None] = {}
"""What an unlocking came to. Argon2 takes a fifth of a second, and copies of one vault share their locks."""


@dataclass(slots=True)
class CountedPasswords:
    """`PasswordChecks` at once. `lanes` says which lane each run of Argon2 would have been paid in."""

    lanes: list[bool] = field(default_factory=list)  # True is the trusted one
    full: bool = False

    @property
    def runs(self) -> int:
        """How often Argon2 would have been paid for."""
        return len(self.lanes)

    async def unlock(self, locked: bytes, password: Secret, *, trusted: bool) -> HybridIdentity:
        """Unlock; raise `NoMatchingIdentity` for a wrong password."""
        self._enter(trusted=trusted)
        name = hashlib.sha256(locked + password.reveal()).digest()
        if name not in _REMEMBERED:
            _REMEMBERED[name] = await asyncio.to_thread(_try, locked, password)
        identity = _REMEMBERED[name]
        if identity is None:
            raise NoMatchingIdentity("no identity opens this")
        return identity

    async def open_header(self, sealed: bytes, password: Secret) -> FileKey:
        """Open a header; raise `NoMatchingIdentity` for a wrong password."""
        self._enter(trusted=True)
        name = hashlib.sha256(sealed + password.reveal()).digest()
        if name not in _HEADERS:
            _HEADERS[name] = await asyncio.to_thread(_try_header, sealed, password)
        file_key = _HEADERS[name]
        if file_key is None:
            raise NoMatchingIdentity("no identity opens this")
        return file_key

    def _enter(self, *, trusted: bool) -> None:
        if self.full:
            raise Overloaded("the lane is full, as the test asked")
        self.lanes.append(trusted)


def _try_header(sealed: bytes, password: Secret) -> FileKey | None:
    try:
        return open_header(sealed, [PasswordIdentity(password)])
    except NoMatchingIdentity:
        return None


def _try(locked: bytes, password: Secret) -> HybridIdentity | None:
    try:
        return unlock(locked, [PasswordIdentity(password)])
    except NoMatchingIdentity:
        return None
