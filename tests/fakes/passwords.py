"""Password checks that are real, and counted."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from keys.age import FileKey, HybridIdentity, PasswordIdentity, open_header
from keys.identities import unlock
from keys.secret import Secret
from vault.errors import Overloaded


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
        return await asyncio.to_thread(unlock, locked, [PasswordIdentity(password)])

    async def open_header(self, sealed: bytes, password: Secret) -> FileKey:
        """Open a header; raise `NoMatchingIdentity` for a wrong password."""
        self._enter(trusted=True)
        return await asyncio.to_thread(open_header, sealed, [PasswordIdentity(password)])

    def _enter(self, *, trusted: bool) -> None:
        if self.full:
            raise Overloaded("the lane is full, as the test asked")
        self.lanes.append(trusted)
