"""What docs/howto/debian.md says is done and in order, as far as it can be known without being root."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.howto.desk import COMMAND, Desk
from tests.howto.document import blocks
from vault.config import load

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs/howto/debian.md"


def program(name: str) -> str:
    """Return where a program is; skip the test without it."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip(f"no {name} here")
    return found


def test_the_settings_can_be_read(desk: Desk) -> None:
    """The settings file of the document has no setting that the program does not know."""
    (settings,) = (block for block in blocks(DOCUMENT) if block.kind == "toml")
    desk.settings(settings.text)

    read = load(Path(desk.environ["CALLVAULT_DATA"]), None, {})

    assert read.http.public_url == "https://vault.example"
    assert read.shred.snapshot_horizon == "14 days"


def test_the_steps_end_in_a_vault_that_doctor_likes(desk: Desk) -> None:
    """`init`, the second mirror, the settings, `doctor`, in the document's words: no failure is left.

    Left out is what needs another machine's root: packages, the user, the checkout under /opt, and systemd.
    """
    steps, settings = DOCUMENT.read_text(), next(each for each in blocks(DOCUMENT) if each.kind == "toml")
    (made,) = re.findall(r"sudo -u callvault /opt/callvault/\.venv/bin/(callvault init .+)", steps)
    (mirrored,) = re.findall(r"`(callvault mirrors add \S+)`", steps)
    (looked_at,) = re.findall(r"`(callvault doctor)`", steps)

    done = [desk.type(made), desk.type(mirrored)]
    desk.settings(settings.text)
    code, told = desk.type(looked_at)

    assert [each for each, _ in done] == [0, 0], done
    assert "passphrase" in done[0][1]
    assert code == 0, told
    assert not re.search(r"(?m)^failure", told), told
    assert re.search(r"(?m)^ok +slots +/mnt/second/callvault-slots", told), told
    assert re.search(r"(?m)^ok +snapshot horizon +14 days$", told), told


def test_what_is_copied_is_there() -> None:
    """Every file of the checkout that the steps name, and the target that installs it, is there."""
    steps = DOCUMENT.read_text()
    named = re.findall(r"(?:/opt/callvault/|`)(deploy/[\w.-]+)", steps)
    (target,) = re.findall(r"&& make (\S+)", steps)

    assert {"deploy/callvault.service", "deploy/nginx.conf"} <= set(named)
    assert [name for name in named if not (ROOT / name).is_file()] == []
    assert f"$(VENV){target.removeprefix('.venv')}:" in (ROOT / "Makefile").read_text()


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    """The unit gives systemd nothing to complain of, once the command is where it says."""
    unit = tmp_path / "callvault.service"
    shipped = (ROOT / "deploy/callvault.service").read_text()
    text, commands = re.subn(r"(?m)^ExecStart=\S+", f"ExecStart={COMMAND}", shipped)
    unit.write_text(text)

    done = subprocess.run(
        [program("systemd-analyze"), "verify", unit], capture_output=True, text=True, timeout=60, check=False
    )

    assert commands == 1
    assert (done.returncode, done.stderr) == (0, "")


def test_nginx_takes_its_configuration(tmp_path: Path) -> None:
    """As it is shipped, certificate and all, `deploy/nginx.conf` can be read by nginx."""
    nginx, openssl = program("nginx"), program("openssl")
    shipped = (ROOT / "deploy/nginx.conf").read_text()
    for name in ("certs", "private"):
        shipped = shipped.replace(f"/etc/ssl/{name}/", f"{tmp_path}/")
    key, certificate = tmp_path / "vault.example.key", tmp_path / "vault.example.pem"
    made = f"{openssl} req -x509 -newkey ed25519 -nodes -subj /CN=vault.example"
    subprocess.run(
        [*made.split(), "-keyout", key, "-out", certificate], capture_output=True, timeout=60, check=True
    )
    around = tmp_path / "nginx.conf"
    around.write_text(
        f"pid {tmp_path}/nginx.pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; client_body_temp_path {tmp_path}/body; proxy_temp_path {tmp_path}/proxy;\n"
        f"fastcgi_temp_path {tmp_path}/fcgi; uwsgi_temp_path {tmp_path}/uwsgi;\n"
        f"scgi_temp_path {tmp_path}/scgi;\n"
        f"{shipped}}}\n"
    )

    done = subprocess.run(
        [nginx, "-t", "-e", "stderr", "-c", around], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stderr
