"""What there is to know of a PostgreSQL server before a vault is trusted to it; for `callvault doctor`."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

import psycopg

from vault.db.postgresql import connect
from vault.db.server_rights import excess_rights
from vault.db.server_tables import odd_tables
from vault.errors import DatabaseUnavailable

_LOST_BY_A_POWER_CUT = ("fsync", "full_page_writes")


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """A server as the service meets it.

    `unsafe_settings` lose commits in a power cut; `excess` are the role's rights to rewrite the log, as
    `UPDATE on log_entries`; `odd` is what stands between the service and its tables.
    """

    version: str
    role: str
    is_local: bool
    sslmode: str
    unsafe_settings: tuple[str, ...]
    excess: tuple[str, ...]
    odd: tuple[str, ...]


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
        excess=tuple(excess_rights(connection)),
        odd=tuple(odd_tables(connection)),
    )


def _is_local(host: str, address: str) -> bool:
    """Say whether the connection stays on this machine: a socket in a folder, or loopback."""
    if host.startswith("/"):
        return True
    try:
        return ipaddress.ip_address(address or host).is_loopback
    except ValueError:
        return host == "localhost"
