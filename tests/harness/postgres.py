"""A real PostgreSQL server in a temporary folder, and databases in it that are made from a template.

It listens on a socket in its folder and on 127.0.0.1. It runs as a user without privileges, for PostgreSQL
refuses to run as root.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.harness.processes import eventually

START_SECONDS = 60
OWNER = "postgres"
_UNSYNCED = {"fsync": "off", "full_page_writes": "off"}  # what a test keeps need not survive a power cut
_SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "32MB",
    "autovacuum_naptime": "5s",
    "timezone": "Australia/Eucla",  # 8 h 45 min: a time that is kept by the server's zone shows
}


class Missing(Exception):
    """There is no PostgreSQL on this machine, or none that would start; the message says why."""


@dataclass(frozen=True)
class Server:
    """A running server. `password` is that of its superuser over TCP; the socket asks for none."""

    folder: Path
    port: int
    password: str
    programs: Path
    """Where its own programs are: `pg_dump`, `psql` and the rest."""

    def url(self, database: str, *, user: str = OWNER) -> str:
        """Return the URL of a database over the socket."""
        return f"postgresql://{user}@/{database}?host={self.folder}&port={self.port}"

    def tcp_url(self, database: str, *, port: int | None = None) -> str:
        """Return its URL over TCP, or through a proxy at `port`, password and all."""
        return f"postgresql://{OWNER}:{self.password}@127.0.0.1:{port or self.port}/{database}"

    def create(self, *, template: str = "template0") -> str:
        """Make a database with a name of its own; nobody may be connected to the template."""
        name = f"t{secrets.token_hex(8)}"
        words = "CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8' LOCALE 'C'"
        self.run(sql.SQL(words).format(sql.Identifier(name), sql.Identifier(template)))
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is connected to it."""
        self.run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def run(self, statement: str | sql.Composable, *values: object, database: str = OWNER) -> list[Any]:
        """Run a statement as the superuser; return its rows."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement, values or None)  # type: ignore[arg-type]  # words of tests
            return cursor.fetchall() if cursor.description else []

    def cut(self, database: str) -> int:
        """End every connection to a database from the server's side; return how many there were."""
        query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        return len(self.run(query, database))


@contextmanager
def running(*, durable: bool = False, within: Path | None = None) -> Iterator[Server]:
    """Run a server until the end, a `durable` one syncs what it commits; raise `Missing`.

    Its folder is made `within` one that everybody may pass through; the path of its socket must stay short.
    """
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="callvault-pg-", dir=within or "/tmp"))  # noqa: S108 - mkdtemp makes it; the path of a socket must be short
    try:
        user = _unprivileged()
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        server = Server(folder, _free_port(), secrets.token_hex(8), programs)
        _make_cluster(programs, server, user)
        process = _start(programs, server, user, {} if durable else _UNSYNCED)
        try:
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # a fast shutdown: whoever is still connected is cut
            process.wait(START_SECONDS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    """Return the folder of initdb and postgres, which Debian keeps off PATH."""
    found = [*Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path).resolve())
    if not found:
        raise Missing("there is no PostgreSQL server on this machine: install the package postgresql")
    return max(found, key=lambda path: int(path.parts[-3]) if path.parts[-3].isdigit() else 0).parent


def _unprivileged() -> pwd.struct_passwd | None:
    """Return the user to run as, or None for this one."""
    if os.geteuid() != 0:
        return None
    for name in (OWNER, "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Missing("PostgreSQL refuses to run as root, and there is no other user")


def _make_cluster(programs: Path, server: Server, user: pwd.struct_passwd | None) -> None:
    password_file = server.folder / "password"
    password_file.write_text(server.password)
    password_file.chmod(0o644)
    words: list[str | Path] = [
        programs / "initdb",
        "--pgdata",
        server.folder / "data",
        "--username",
        OWNER,
        "--no-sync",
    ]
    words += ["--auth-local=trust", "--auth-host=scram-sha-256", "--pwfile", password_file]
    words += ["--encoding=UTF8", "--locale=C"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, **_as(user, server.folder))
    if done.returncode:
        raise Missing(f"initdb failed: {done.stderr.strip().splitlines()[-1:]}")


def _start(
    programs: Path, server: Server, user: pwd.struct_passwd | None, more: dict[str, str]
) -> subprocess.Popen[bytes]:
    listens = {"unix_socket_directories": str(server.folder), "listen_addresses": "127.0.0.1"}
    given = {**_SETTINGS, **more, **listens}
    words: list[str | Path] = [programs / "postgres", "-D", server.folder / "data", "-p", str(server.port)]
    for name, value in given.items():
        words += ["-c", f"{name}={value}"]
    with (server.folder / "log").open("wb") as log:
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **_as(user, server.folder)
        )
    try:
        _wait(process, server)
    except BaseException:
        process.kill()
        process.wait()
        raise
    return process


def _wait(process: subprocess.Popen[bytes], server: Server) -> None:
    pid_file = server.folder / "data" / "postmaster.pid"

    def ready() -> bool:
        if process.poll() is not None:
            raise Missing(f"postgres ended: {(server.folder / 'log').read_text()[-500:]}")
        return pid_file.exists() and "ready" in pid_file.read_text()

    eventually(ready, START_SECONDS)


def _as(user: pwd.struct_passwd | None, folder: Path) -> dict[str, Any]:
    """Return how to start a program as that user."""
    common = {"cwd": folder, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"}}
    if user is None:
        return common
    return {**common, "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
