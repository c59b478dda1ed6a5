"""docs/howto/own-machine.md does what it says, over TLS."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from keys.age import HybridIdentity
from tests.harness.certifier import CertificateAuthority
from tests.howto.desk import Desk
from tests.howto.following import follow
from tests.howto.machines import Machines, beside

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/howto/own-machine.md"
_KEYGEN = """\
#!/bin/sh
# What `age-keygen` of age 1.3 does, where there is an older one: it makes no post-quantum identities.
set -eu
case $1 in
-pq) cp {folder}/made.key "$3" && echo "Public key: $(cat {folder}/made.pub)" >&2 ;;
-y) cat {folder}/made.pub ;;
esac
"""


@pytest.fixture
def machines(desk: Desk, tmp_path: Path) -> Machines:
    """A vault with a recording, served with a certificate of the office, and a machine elsewhere."""
    authority = CertificateAuthority(tmp_path / "ca")
    certificate, key = authority.issue()
    for command in (
        "callvault init --dpo dana",
        "callvault customers add acme --agreement CT-2031",
        "callvault sources add acme-pbx --customer acme > pbx.txt",
    ):
        assert desk.type(command)[0] == 0
    token = (desk.folder / "pbx.txt").read_text().partition("\ntoken ")[2].split()[0]
    (desk.folder / "pbx.token").write_text(token)
    desk.settings(f'[http]\ntls_certificate = "{certificate}"\ntls_key = "{key}"\n')
    desk.environ["SSL_CERT_FILE"] = str(authority.roots)
    desk.start()
    pushed = desk.type("callvault push call.wav --to https://vault.example --token-file pbx.token")
    assert pushed[0] == 0, pushed[1]
    there = beside(desk)
    there.own.environ["SSL_CERT_FILE"] = str(authority.roots)
    _make_keygen(there.own, tmp_path / "bin")
    return there


def test_staff_can_follow_the_document(machines: Machines) -> None:
    """Every command prints what is shown, at both machines, and what was opened is the recording."""
    follow(DOCUMENT, machines)

    opened = (machines.own.folder / "call.wav").read_bytes()
    assert opened == (machines.vault.folder / "call.wav").read_bytes()


def _make_keygen(desk: Desk, folder: Path) -> None:
    """Let the desk have an `age-keygen` that makes post-quantum identities, its own or a stand-in."""
    if subprocess.run(["age-keygen", "-pq"], capture_output=True, timeout=60, check=False).returncode == 0:
        return
    folder.mkdir()
    identity = HybridIdentity.generate()
    (folder / "made.key").write_bytes(identity.encode().reveal() + b"\n")
    (folder / "made.key").chmod(0o600)
    (folder / "made.pub").write_text(f"{identity.recipient}\n")
    (folder / "age-keygen").write_text(_KEYGEN.format(folder=folder))
    (folder / "age-keygen").chmod(0o700)
    desk.environ["PATH"] = f"{folder}:{desk.environ['PATH']}"
