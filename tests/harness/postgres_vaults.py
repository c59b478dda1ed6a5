"""Real vaults whose database is on a PostgreSQL server. All else lies in their folder."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path

from tests.harness.postgres import Server
from tests.harness.vaults import RealVault, found

URL = "CALLVAULT_DATABASE__URL"


@dataclass(frozen=True, kw_only=True)
class ServerVault(RealVault):
    """A founded vault with a database of its own on that server."""

    server: Server
    database: str

    def copied_to(self, folder: Path) -> RealVault:
        """Return a copy of the whole vault, database and slots included; nobody may have it open."""
        copy = super().copied_to(folder)
        assert isinstance(copy, ServerVault)
        return copy.on(self.server.create(template=self.database))

    def on(self, database: str) -> ServerVault:
        """Return it with another database of the same server."""
        others = [(name, value) for name, value in self.environment if name != URL]
        environment = (*others, (URL, self.server.url(database)))
        return replace(self, database=database, environment=environment)


def found_on(server: Server, data: Path, *environment: tuple[str, str]) -> ServerVault:
    """Make a vault on the server; `environment` are further variables that it is made and opened with."""
    database = server.create()
    made = found(data, (URL, server.url(database)), *environment)
    values = {field.name: getattr(made, field.name) for field in fields(made)}
    return ServerVault(**values, server=server, database=database)
