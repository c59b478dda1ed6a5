"""Debian's nginx in front of a service, configured by `deploy/nginx.conf`: the file that we ship is tried."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.harness.processes import eventually

SHIPPED = Path(__file__).resolve().parents[2] / "deploy/nginx.conf"
_STOP_SECONDS = 10.0
_AROUND = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; {user}
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
{server}
}}
"""


@contextmanager
def in_front_of(url: str, folder: Path, *, buffering: bool = False) -> Iterator[str]:
    """Run nginx before a service on loopback, in plain; yield its URL. Skip the test without nginx.

    With `buffering` the two lines that turn nginx's own buffers off are left out: what happens to those who
    write a configuration of their own.
    """
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if nginx is None:
        pytest.skip("no nginx here (Debian package nginx)")
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = shipped_server(url, port, buffering=buffering)
    (folder / "nginx.conf").write_text(_AROUND.format(folder=folder, server=server, user=_user(folder)))
    command = [nginx, "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        eventually(lambda: process.poll() is not None or _listens(port))
        assert process.poll() is None, (folder / "error.log").read_text()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=_STOP_SECONDS)


def shipped_server(url: str, port: int, *, buffering: bool) -> str:
    """Return the server of `deploy/nginx.conf` with another port, no TLS, and the service where it is."""
    text = SHIPPED.read_text()
    text, listens = re.subn(r"listen 443 ssl;", f"listen 127.0.0.1:{port};", text)
    text, certificates = re.subn(r"(?m)^ *ssl_certificate(_key)? .*\n", "", text)
    text, targets = re.subn(r"http://127\.0\.0\.1:8440", url, text)
    assert (listens, certificates, targets) == (1, 2, 2), "deploy/nginx.conf is not what it was"
    if buffering:
        text, buffers = re.subn(r"(?m)^ *proxy_(request_)?buffering off;.*\n", "", text)
        assert buffers == 2, "deploy/nginx.conf turns no buffering off any more"
    return text


def _user(folder: Path) -> str:
    """As root, stay the owner of the folder: nginx's workers would be somebody else."""
    return f"user {folder.owner()};" if folder.stat().st_uid == 0 else ""


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
