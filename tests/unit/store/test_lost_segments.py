"""What no mirror holds any more is told by `doctor`, before somebody needs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.vaults import RealVault, found
from vault.entrypoints.cli.checks.check import Level
from vault.entrypoints.cli.checks.slots import check_mirrors


@pytest.fixture
def founded(tmp_path: Path) -> RealVault:
    """Return a new vault."""
    return found(tmp_path / "data")


async def test_a_lost_file_of_slots_is_named(founded: RealVault) -> None:
    """A segment that is gone is a failure by its name; as long as it is there, all mirrors are fine."""
    async with founded.opened() as vault:
        before = [check.level for check in check_mirrors(vault, founded.settings)]
        (founded.data / "slots" / "00000000.slots").unlink()
        lost, *_ = check_mirrors(vault, founded.settings)

    assert before == [Level.OK]
    assert lost.level is Level.FAILURE
    assert "00000000.slots" in lost.finding
