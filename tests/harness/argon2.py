"""Argon2id at its full cost, but once: what a password and a salt came to is remembered in this process.

Copies of one vault share their locks, and most tests are not about what a password costs. Nothing is cheaper
than in production the first time, and processes under test pay in full.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import argon2.low_level
import pytest

_remembered = cache(argon2.low_level.hash_secret_raw)


def hash_secret_raw(**asked: Any) -> bytes:  # noqa: ANN401 - as the real one
    """Do as `argon2.low_level.hash_secret_raw`; whoever watches for a call of that name sees this one too."""
    return _remembered(**asked)


@contextmanager
def paid_once() -> Iterator[None]:
    """Let stanzas of passwords be made and opened so."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("keys.age.argon2id.hash_secret_raw", hash_secret_raw)
        yield
