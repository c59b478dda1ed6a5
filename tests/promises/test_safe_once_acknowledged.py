"""Promise 2: a receipt means that the recording survives: the service is killed at random moments.

CALLVAULT_TEST_KILLS sets how often; the long form is 1,000, or `make faults`. CALLVAULT_TEST_SEED repeats a
run.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import kills
from tests.faults.trial import Trial
from tests.harness.chance import from_environment
from tests.harness.vaults import RealVault

KILLS = from_environment("CALLVAULT_TEST_KILLS", 10)


@pytest.mark.timeout(120 + 30 * KILLS)
async def test_no_kill_loses_what_was_acknowledged(founded: RealVault, tmp_path: Path) -> None:
    """Killed -9 in uploads and collections: what was answered is so, all else is whole or absent."""
    trial = Trial("kills", "R4", "kills", most=KILLS, seconds=30.0 * KILLS)

    await kills.run(trial, founded, tmp_path)

    assert trial.violations == []
    assert trial.tried == KILLS
