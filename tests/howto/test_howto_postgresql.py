"""docs/howto/postgresql.md does what it says, on a server with both of its roles and its own certificate."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.harness.certifier import CertificateAuthority
from tests.harness.postgres import Missing, Server, running
from tests.howto.desk import Desk
from tests.howto.following import follow

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/howto/postgresql.md"
_BY = re.compile(r"-- as (?P<role>\w+), in the database (?P<database>\w+)\n")


@dataclass
class AtServer(Desk):
    """A desk from which a server is reached: over TLS as the settings say, and by its socket for `psql`."""

    server: Server | None = None

    def sql(self, text: str) -> None:
        """Give the statements, one by one; whoever is created gets a password."""
        assert self.server is not None
        said = _BY.match(text)
        assert said, "the first line says by whom, and where"
        url = self.server.url(said["database"], user=said["role"])
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in filter(str.strip, text.removeprefix(said[0]).split(";")):
                connection.execute(statement.encode())
                if created := re.match(r"\s*CREATE ROLE (\w+)", statement):
                    self._give_password(connection, created[1])

    def _give_password(self, connection: psycopg.Connection, role: str) -> None:
        password = secrets.token_hex(8)
        connection.execute(f"ALTER ROLE {role} PASSWORD '{password}'".encode())
        with Path(self.environ["PGPASSFILE"]).open("a") as file:
            file.write(f"*:*:*:{role}:{password}\n")


@pytest.fixture
def at_server(desk: Desk) -> Iterator[AtServer]:
    """The desk of the document, and a server of its own: a durable one, as `doctor` wants it, with TLS."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running(durable=True))
        except Missing as error:
            pytest.skip(str(error))
        roots = _have_tls(server)
        host = f"127.0.0.1:{server.port}"
        found = AtServer(desk.root, server=server, database_host=host)
        passwords = found.root / "pgpass"
        passwords.touch(0o600)
        found.environ |= {"PGPASSFILE": str(passwords), "PGSSLROOTCERT": str(roots)}
        yield found


def test_the_document_can_be_followed(at_server: AtServer) -> None:
    """Both roles do what is theirs, each command prints what is shown, and the vault moves on at the end."""
    follow(DOCUMENT, at_server)

    assert (at_server.root / "var/lib/callvault/moved.sqlite").stat().st_uid == os.geteuid()


def _have_tls(server: Server) -> Path:
    """Let the server speak TLS; return the certificate of the authority that vouches for it."""
    authority = CertificateAuthority(server.folder / "ca")
    certificate, key = authority.issue()
    owner = (server.folder / "data").stat()
    for file in (certificate, key):
        shutil.chown(file, owner.st_uid, owner.st_gid)
    settings = {"ssl_cert_file": certificate, "ssl_key_file": key, "ssl": "on"}
    for name, value in settings.items():
        server.run(f"ALTER SYSTEM SET {name} = '{value}'")
    server.run("SELECT pg_reload_conf()")
    return authority.roots
