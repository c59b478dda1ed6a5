"""docs/howto/operating.md does what it says: copies, an older copy, a lost mirror, an upgrade."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.howto.desk import Desk
from tests.howto.following import follow

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/howto/operating.md"
SETTINGS = """\
[http]
public_url = "https://vault.example"
trusted_proxies = ["127.0.0.1/32"]

[slots]
paths = ["/var/lib/callvault/slots", "/mnt/second/callvault-slots"]

[shred]
snapshot_horizon = "none"
"""


@pytest.fixture
def installed(desk: Desk) -> Desk:
    """A vault with two mirrors, and a customer, whose service runs."""
    if shutil.which("sqlite3") is None:
        pytest.skip("no sqlite3 here (Debian package sqlite3)")
    for command in (
        "mkdir /mnt/backup",
        "callvault init --dpo dana",
        "callvault mirrors add /mnt/second/callvault-slots",
        "callvault customers add acme --agreement CT-2031",
    ):
        code, printed = desk.type(command)
        assert code == 0, printed
    desk.settings(SETTINGS)
    desk.start()
    return desk


def test_an_operator_can_follow_the_document(installed: Desk) -> None:
    """Every command prints what is shown, and the vault serves at the end."""
    follow(DOCUMENT, installed)

    code, told = installed.type("callvault doctor")
    assert code == 0, told


def test_a_lost_mirror_is_filled_again_in_its_place(installed: Desk) -> None:
    """The command of the table is enough, with the settings as they were."""
    (command,) = re.findall(r"`(callvault mirrors add \S+)`", DOCUMENT.read_text())
    installed.stop()
    shutil.rmtree(installed.here("/mnt/second/callvault-slots"))

    without = installed.type("callvault doctor")
    filled = installed.type(command)
    after = installed.type("callvault doctor")

    assert without[0] == 1
    assert "is away" in without[1]
    assert filled[0] == 0, filled[1]
    assert after[0] == 0, after[1]
    assert "all 2 in use" in after[1]


def test_a_vault_can_be_moved_with_its_folders(installed: Desk, tmp_path: Path) -> None:
    """A copy of the data folder and of every mirror opens elsewhere, with nothing missing."""
    installed.stop()
    for place in ("/var/lib/callvault", "/mnt/second"):
        shutil.move(installed.here(place), tmp_path / "away")
        shutil.copytree(tmp_path / "away", installed.here(place))
        shutil.rmtree(tmp_path / "away")

    code, told = installed.type("callvault doctor")

    assert code == 0, told
    assert "all 2 in use" in told
