"""docs/howto/dpo.md does what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.howto.desk import Desk
from tests.howto.following import follow

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(300)
def test_the_dpo_can_follow_the_document(desk: Desk) -> None:
    """Every command of the DPO's how-to, typed in its order on a new vault, prints what is shown."""
    follow(ROOT / "docs/howto/dpo.md", desk)
