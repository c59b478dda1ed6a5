"""A desk for whoever follows a how-to."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.howto.desk import Desk

_PROGRAMS = {"age-keygen": "age", "curl": "curl"}
RECORDINGS = Path(__file__).resolve().parents[1] / "fixtures/recordings"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk with a call to try things with; its service is ended. Skip without the usual programs."""
    for program, package in _PROGRAMS.items():
        if shutil.which(program) is None:
            pytest.skip(f"no {program} here (Debian package {package})")
    desk = Desk(tmp_path)
    shutil.copy(RECORDINGS / "asterisk16-complete.wav", desk.folder / "call.wav")
    yield desk
    desk.stop()
