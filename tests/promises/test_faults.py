"""The promises when disks, clocks and power fail: each kind of fault, a few times.

`make faults` goes on for long. Kills have a test of their own (`test_safe_once_acknowledged`), and so have
full disks (`test_nothing_half_kept`).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.kinds import attempt
from tests.harness.vaults import RealVault

LIMIT_SECONDS = 100.0


@pytest.mark.parametrize(
    ("name", "turns"),
    [
        pytest.param(
            "failing-calls", 9, id="system calls fail: nothing served without an entry, nothing lost"
        ),
        pytest.param(
            "powercuts", 3, id="power cuts: what was acknowledged is there, what was certified is not"
        ),
        pytest.param("remnants", 1, id="raw disk: a destroyed slot is nowhere on it"),
        pytest.param("mirrors-away", 2, id="a mirror away: no certificate before it is destroyed there too"),
        pytest.param("restores", 1, id="older copies: nothing comes back, nothing alive is destroyed"),
        pytest.param("clocks", 1, id="clock jumps: log time goes on, nothing is destroyed early"),
    ],
)
def test_faults(founded: RealVault, tmp_path: Path, name: str, turns: int) -> None:
    """Nothing acknowledged is lost, nothing is half-kept, nothing destroyed comes back."""
    trial = attempt(name, turns, LIMIT_SECONDS, founded, tmp_path / name)

    if trial.reason is not None:
        pytest.skip(trial.reason)
    assert trial.violations == []
    assert trial.tried == turns
