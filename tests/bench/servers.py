"""The servers under test: ours as its own processes, and those that it is measured beside.

Each listens on 127.0.0.1, keeps its files below one folder, and ends with its block.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.bench.client import Peer, call
from tests.bench.grounds import Ground, Missing
from tests.harness.service import Service, serving
from tests.harness.vaults import RealVault

ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 20.0
_STOP_SECONDS = 10.0
_POLL_SECONDS = 0.02


@contextmanager
def scratch() -> Iterator[Path]:
    """Make a folder on the disk that temporary files are on, and remove it.

    Those who know its name may pass through: PostgreSQL runs as somebody else below it.
    """
    with tempfile.TemporaryDirectory(prefix="callvault-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder


@contextmanager
def vault_service(
    ground: Ground, folder: Path, *, workers: int = 1, settings: Mapping[str, str] | None = None
) -> Iterator[tuple[Service, RealVault]]:
    """Found a vault and run the real `callvault serve` over it; `settings` are `CALLVAULT_…` variables."""
    known = ground.found(folder / "vault")
    for name, value in (settings or {}).items():
        known = known.with_setting(name, value)
    with served(known, workers=workers) as service:
        yield service, known


@contextmanager
def served(known: RealVault, *, workers: int = 1) -> Iterator[Service]:
    """Run the real `callvault serve` over a vault that is there, and end it cleanly."""
    with serving(known, workers=workers) as service:
        yield service
        service.stop()


def uploading(service: Service, known: RealVault) -> Peer:
    """Return the service as its PBX sees it."""
    headers = {"Authorization": f"Bearer {known.bearer}"}
    return Peer(_port(service), "/v1/recordings/", headers, service.worker_pids[0])


def collecting(service: Service, known: RealVault) -> Peer:
    """Sign the customer in and return the service as it sees it; files are `ID/content`."""
    door = Peer(_port(service))
    asked = {"link": known.link, "password": known.password}
    with door.connected() as connection:
        session = call(connection, door, "POST", "/v1/collect/sessions", asked)
    headers = {"Authorization": f"Bearer {session['token']}"}
    return Peer(door.port, "/v1/collect/recordings/", headers, service.worker_pids[0])


def asking(service: Service, known: RealVault) -> Peer:
    """Sign the first DPO in and return the service as staff asks it."""
    door, asked = Peer(_port(service)), {"staff": "dana", "passphrase": known.passphrase}
    with door.connected() as connection:
        session = call(connection, door, "POST", "/v1/staff/sessions", asked)
    headers = {"Authorization": f"Bearer {session['token']}"}
    return Peer(door.port, "/v1/staff/", headers, service.worker_pids[0])


@contextmanager
def plain_aiohttp(folder: Path) -> Iterator[Peer]:
    """Run the plainest aiohttp server."""
    files, port = _folder(folder, "aiohttp"), _free_port()
    command = [sys.executable, "-m", "tests.bench.plain_server", str(files), str(port)]
    with _running(command, port) as pid:
        yield Peer(port, pid=pid)


@contextmanager
def rclone_crypt(folder: Path) -> Iterator[Peer]:
    """Run `rclone serve webdav` over a crypt remote in a folder; raise `Missing` without rclone."""
    rclone = _program("rclone", "Debian package rclone")
    files, port = _folder(folder, "rclone"), _free_port()
    password = subprocess.run(
        [rclone, "obscure", "a password for a benchmark"], capture_output=True, text=True, check=True
    ).stdout.strip()
    config = folder / "rclone.conf"
    config.write_text(f"[sealed]\ntype = crypt\nremote = {files}\npassword = {password}\n")
    serve = [rclone, "--config", str(config), "serve", "webdav", "sealed:", "--addr", f"127.0.0.1:{port}"]
    with _running(serve, port) as pid:
        yield Peer(port, pid=pid)


@contextmanager
def nginx_webdav(folder: Path) -> Iterator[Peer]:
    """Run nginx with its WebDAV module over a folder; raise `Missing` without nginx."""
    nginx = _program("nginx", "Debian package nginx-light")
    files, port = _folder(folder, "nginx"), _free_port()
    config = folder / "nginx.conf"
    config.write_text(_NGINX.format(files=files, folder=folder, port=port))
    with _running([nginx, "-e", "stderr", "-c", str(config)], port) as pid:
        yield Peer(port, pid=pid)


_NGINX = """
daemon off; user root; worker_processes 2; pid {folder}/nginx.pid; error_log stderr crit;
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path {folder}/nginx-body; client_max_body_size 0;
  proxy_temp_path {folder}/nginx-1; fastcgi_temp_path {folder}/nginx-2;
  uwsgi_temp_path {folder}/nginx-3; scgi_temp_path {folder}/nginx-4;
  server {{ listen 127.0.0.1:{port}; root {files}; location / {{ dav_methods PUT; }} }}
}}
"""


def _program(name: str, where_from: str) -> str:
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if path is None:
        raise Missing(f"no {name} here ({where_from})")
    return path


def _folder(folder: Path, name: str) -> Path:
    files = folder / name
    files.mkdir()
    return files


def _port(service: Service) -> int:
    return int(service.url.rpartition(":")[2])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(command: Sequence[str], port: int) -> Iterator[int]:
    """Run a server until the block ends; raise `Missing` for one that does not listen in time."""
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(process, port)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(_POLL_SECONDS)
    raise Missing("it did not start")
