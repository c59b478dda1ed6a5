"""What there is to know of a PostgreSQL server before a vault is trusted to it; for `callvault doctor`."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

import psycopg

from vault.db.postgresql import connect
from vault.errors import DatabaseUnavailable

# Without these rights nobody who takes the service over can rewrite the log in its database.
_TOO_MUCH = {
    "log_entries": ("UPDATE", "DELETE", "TRUNCATE"),
    "log_tiles": ("UPDATE", "DELETE", "TRUNCATE"),
    "log_details": ("UPDATE", "DELETE", "TRUNCATE"),
    "log_head": ("DELETE", "TRUNCATE"),
}
_LOST_BY_A_POWER_CUT = ("fsync", "full_page_writes")


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """A server as the service meets it.

    `unsafe_settings` lose commits in a power cut; `excess` are the role's rights to rewrite the log, as
    `UPDATE on log_entries`.
    """

    version: str
    role: str
    is_local: bool
    sslmode: str
    unsafe_settings: tuple[str, ...]
    excess: tuple[str, ...]


def look_at_server(url: str) -> ServerFacts:
    """Connect as the service would and look; raise `ConfigInvalid`, `DatabaseUnavailable`."""
    try:
        with connect(url) as connection:
            return _facts(connection)
    except psycopg.Error as error:
        raise DatabaseUnavailable(f"it can't be reached ({type(error).__name__})") from None


def _facts(connection: psycopg.Connection[Any]) -> ServerFacts:
    given = {option.keyword.decode(): (option.val or b"").decode() for option in connection.pgconn.info}
    off = [name for name in _LOST_BY_A_POWER_CUT if connection.execute(f"SHOW {name}").fetchone() == ("off",)]
    verifies = given["sslrootcert"] == "system"  # libpq, "sslrootcert": implies verify-full
    return ServerFacts(
        version=str(connection.info.parameter_status("server_version")),
        role=connection.info.user,
        is_local=_is_local(connection.info.host, connection.info.hostaddr),
        sslmode="verify-full" if verifies else given["sslmode"],
        unsafe_settings=tuple(off),
        excess=tuple(_excess(connection)),
    )


def _excess(connection: psycopg.Connection[Any]) -> list[str]:
    """Return the role's rights that it should not have, on tables that are there."""
    pairs = [(right, table) for table, rights in _TOO_MUCH.items() for right in rights]
    query = (
        "SELECT p.want, p.name FROM unnest(%s::text[], %s::text[]) AS p(want, name) "
        "WHERE to_regclass(p.name) IS NOT NULL AND has_table_privilege(p.name, p.want)"
    )
    rows = connection.execute(query, [[right for right, _ in pairs], [table for _, table in pairs]])
    return [f"{right} on {table}" for right, table in rows]


def _is_local(host: str, address: str) -> bool:
    """Say whether the connection stays on this machine: a socket in a folder, or loopback."""
    if host.startswith("/"):
        return True
    try:
        return ipaddress.ip_address(address or host).is_loopback
    except ValueError:
        return host == "localhost"
