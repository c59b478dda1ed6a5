"""The door, open on loopback over a vault of the test's own."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.harness.http_door import HttpDoor, opened
from tests.harness.vaults import RealVault
from vault.entrypoints.http.logging import set_up_logging


@pytest.fixture
async def door(real_vault: RealVault) -> AsyncIterator[HttpDoor]:
    """The door with its usual settings."""
    async with opened(real_vault) as open_door:
        yield open_door


@pytest.fixture
def log_lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Everything that is logged, as the service logs it."""
    lines = io.StringIO()
    monkeypatch.setattr(sys, "stderr", lines)
    root, kept = logging.getLogger(), logging.getLogger().handlers[:]
    set_up_logging()
    yield lines
    root.handlers = kept
