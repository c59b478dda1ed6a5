"""The scene that these tests begin with."""

from __future__ import annotations

import pytest

from tests.fakes.scene import Scene, founded


@pytest.fixture
def scene() -> Scene:
    """Return a founded vault with two customers, of this test alone."""
    return founded().copy()
