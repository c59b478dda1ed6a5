"""The guess limit: how many passwords of a bucket reach Argon2 in an hour, and who falls into which bucket.

A presented name from an unknown network, a network that has signed in before, and a valid link each have a
bucket of their own: whoever guesses at a customer's name can't use up the customer's own tries.
"""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from vault.errors import TooManyGuesses

GUESSES_PER_WINDOW = 10
WINDOW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Bucket:
    """Tries counted in the window that began at `since`.

    `tries` reached Argon2 and failed (or are being checked); `stopped` were turned away before it.
    """

    key: str
    since: datetime
    tries: int = 0
    stopped: int = 0

    def over(self, now: datetime) -> bool:
        """Say whether its window has ended."""
        return now >= self.since + WINDOW

    def full(self, now: datetime) -> bool:
        """Say whether the next try would be turned away."""
        return self.tries >= GUESSES_PER_WINDOW and not self.over(now)

    def must_admit(self, now: datetime) -> None:
        """Raise `TooManyGuesses` when it is full."""
        if self.full(now):
            raise TooManyGuesses(self.retry_after_seconds(now))

    def admit(self, now: datetime) -> Bucket:
        """Return it with one more try; raise `TooManyGuesses` when it is full."""
        self.must_admit(now)
        return replace(self, tries=self.tries + 1)

    def forgive(self) -> Bucket:
        """Return it without the try that turned out right: whoever knows the password may come often."""
        return replace(self, tries=max(0, self.tries - 1))

    def stop(self, count: int) -> Bucket:
        """Return it with `count` more turned away."""
        return replace(self, stopped=self.stopped + count)

    @property
    def refused(self) -> bool:
        """Whether there is anything of it to say in the log."""
        return self.tries > 0 or self.stopped > 0

    def retry_after_seconds(self, now: datetime) -> int:
        """Return the whole seconds until the window ends, one at least."""
        return max(1, math.ceil((self.since + WINDOW - now).total_seconds()))


def network_of(address: str) -> str:
    """Return the network an address counts as: itself for IPv4, its /64 for IPv6 (RFC 6177 sites)."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
