"""The door, open on loopback over a vault of the test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.harness.http_door import HttpDoor, opened
from tests.harness.vaults import RealVault


@pytest.fixture
async def door(real_vault: RealVault) -> AsyncIterator[HttpDoor]:
    """The door with its usual settings."""
    async with opened(real_vault) as open_door:
        yield open_door
