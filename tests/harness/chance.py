"""Chance that can be repeated: every test that draws says its seed, and takes it from CALLVAULT_TEST_SEED."""

from __future__ import annotations

import os
import random
import secrets


def dice() -> random.Random:
    """Return a source of chance; pytest shows its seed when the test fails."""
    seed = int(os.environ.get("CALLVAULT_TEST_SEED") or secrets.randbits(32))
    say(f"CALLVAULT_TEST_SEED={seed}")
    return random.Random(seed)  # noqa: S311 - it draws tests, not keys


def from_environment(name: str, quick: int) -> int:
    """Return how often to try: a number for every run, or the one that a long run sets."""
    return int(os.environ.get(name) or quick)


def say(text: str) -> None:
    """Tell whoever reads the test's output."""
    print(text)  # noqa: T201 - pytest keeps it for failures
