"""docs/howto/collect.md does what it says, against the real service."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.howto.desk import Desk
from tests.howto.following import follow

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/howto/collect.md"
SETTINGS = '[http]\npublic_url = "https://vault.example"\ntrusted_proxies = ["127.0.0.1/32"]\n'


@pytest.fixture
def waiting(desk: Desk) -> Desk:
    """A desk whose vault runs, with one recording of acme's."""
    desk.environ["CALLVAULT_AS"] = "dana"
    for command in (
        "callvault init --dpo dana",
        "callvault customers add acme --agreement CT-2031",
        "callvault sources add acme-pbx --customer acme > pbx.txt",
    ):
        code, printed = desk.type(command)
        assert code == 0, printed
    token = (desk.folder / "pbx.txt").read_text().partition("\ntoken ")[2].split()[0]
    (desk.folder / "acme-pbx.token").write_text(token)
    (desk.folder / "acme-pbx.token").chmod(0o600)
    desk.settings(SETTINGS)
    desk.start()
    code, printed = desk.type(
        "callvault push call.wav --to https://vault.example --token-file acme-pbx.token"
    )
    assert code == 0, printed
    return desk


def test_a_customer_can_follow_the_document(waiting: Desk) -> None:
    """Every command prints what is shown; both recordings are as they were sent, and the vault's are gone."""
    follow(DOCUMENT, waiting)

    sent = hashlib.sha256((waiting.folder / "call.wav").read_bytes()).digest()
    for taken in ("recordings/call.wav", "taken.wav"):
        assert hashlib.sha256((waiting.folder / taken).read_bytes()).digest() == sent
    code, waits = waiting.type("callvault recordings list --state waiting")
    assert (code, waits) == (0, "none\n")
