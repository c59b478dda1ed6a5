"""Try again with patience: exponential back-off with jitter, bounded in tries and time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from vault.entrypoints.client.failures import TryAgain

Answer = TypeVar("Answer")
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long: `tries` in a row without progress, waits of at most `total_seconds` in all."""

    tries: int = 5
    first_wait_seconds: float = 1.0
    longest_wait_seconds: float = 30.0
    total_seconds: float = 120.0


async def patiently(
    attempt: Callable[[], Awaitable[Answer]], patience: Patience, sleep: Sleep = asyncio.sleep
) -> Answer:
    """Return what `attempt` returns; after `TryAgain` wait and try again.

    Raise the last `TryAgain` once patience is over, at once where the vault asks for more than is left.
    """
    fruitless, waited = 0, 0.0
    while True:
        try:
            return await attempt()
        except TryAgain as error:
            fruitless = 1 if error.progressed else fruitless + 1
            if error.progressed:
                waited = 0.0
            wait = _wait_seconds(fruitless, error.after_seconds, patience)
            if fruitless >= patience.tries or waited + wait > patience.total_seconds:
                raise
            await sleep(wait)
            waited += wait


def _wait_seconds(fruitless: int, after_seconds: float | None, patience: Patience) -> float:
    """Return a random part of the doubling wait, so that many clients don't come back as one."""
    longest = min(patience.longest_wait_seconds, patience.first_wait_seconds * 2 ** (fruitless - 1))
    jittered = random.uniform(longest / 2, longest)  # noqa: S311 - spreads load, guards no secret
    return max(jittered, after_seconds or 0.0)
