"""docs/howto/pbx.md does what it says, against the real service."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.howto.desk import Desk
from tests.howto.document import blocks
from tests.howto.following import follow

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/howto/pbx.md"
SETTINGS = '[http]\npublic_url = "https://vault.example"\ntrusted_proxies = ["127.0.0.1/32"]\n'


@pytest.fixture
def served(desk: Desk) -> Desk:
    """A desk whose vault is there and runs, as the document takes for granted."""
    desk.type("callvault init --dpo dana")
    desk.settings(SETTINGS)
    desk.start()
    return desk


def test_a_pbx_can_follow_the_document(served: Desk) -> None:
    """Every command prints what is shown; the hook uploads a file, and refuses an empty path loudly."""
    follow(DOCUMENT, served)
    hook = _hook(served)

    taken = served.type(f"{hook} call.wav 1795305083.15 1795305083.15")
    refused = served.type(f"{hook} '' 1795305087.18 1795305087.18")

    assert taken[0] == 0, taken
    assert "safe as" in taken[1]
    assert refused[0] == 1


def _hook(desk: Desk) -> Path:
    """Install the script of the document, with the token that it expects."""
    (script,) = (block for block in blocks(DOCUMENT) if block.kind == "sh")
    token = Path(desk.here("/etc/callvault/authorization")).read_text().rpartition(" ")[2]
    Path(desk.here("/etc/callvault/token")).write_text(token)
    hook = desk.folder / "hook"
    hook.write_text(desk.here(script.text))
    hook.chmod(0o700)
    return hook
