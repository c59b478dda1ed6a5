"""The data folder of these tests."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a data folder."""
    data = tmp_path / "data"
    data.mkdir()
    return data
