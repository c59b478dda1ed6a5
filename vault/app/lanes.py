"""Password checks on threads of their own, so that neither sealing nor guessing holds up a sign-in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from keys.age import FileKey, HybridIdentity, Identity, PasswordIdentity, open_header
from keys.identities import unlock
from keys.secret import Secret
from vault.errors import Overloaded

Opened = TypeVar("Opened")

_WAITING_CHECKS = 16
"""How many password checks may wait in a lane; one more is told to come again."""


class PasswordLanes:
    """Argon2 on threads of its own: one lane for known networks and links, one for everybody else."""

    def __init__(self, at_once: int) -> None:
        self._lanes = {
            True: ThreadPoolExecutor(at_once, thread_name_prefix="password-trusted"),
            False: ThreadPoolExecutor(1, thread_name_prefix="password-unknown"),
        }
        self._waiting = {True: 0, False: 0}

    async def unlock(self, locked: bytes, password: Secret, *, trusted: bool) -> HybridIdentity:
        """Unlock in a lane; see `vault.ports.vault.PasswordChecks`."""
        return await self._in_lane(unlock, locked, password, trusted=trusted)

    async def open_header(self, sealed: bytes, password: Secret) -> FileKey:
        """Open a header in the trusted lane; see `vault.ports.vault.PasswordChecks`."""
        return await self._in_lane(open_header, sealed, password, trusted=True)

    async def _in_lane(
        self,
        check: Callable[[bytes, Sequence[Identity]], Opened],
        sealed: bytes,
        password: Secret,
        *,
        trusted: bool,
    ) -> Opened:
        if self._waiting[trusted] >= _WAITING_CHECKS:
            raise Overloaded("too many sign-ins at once; try again in a moment")
        self._waiting[trusted] += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(
                self._lanes[trusted], check, sealed, [PasswordIdentity(password)]
            )
        finally:
            self._waiting[trusted] -= 1

    def close(self) -> None:
        """Let the threads end."""
        for lane in self._lanes.values():
            lane.shutdown(wait=False, cancel_futures=True)
