"""A PostgreSQL server: whether it keeps what it commits, who it is, and what the service's role may do."""

from __future__ import annotations

from collections.abc import Iterator

from vault.db.server import ServerFacts, look_at_server
from vault.entrypoints.cli.checks.check import Check, Level
from vault.errors import VaultError

_PART = "database"
_MANUAL = "see docs/howto/postgresql.md"


def check_server(url: str) -> Iterator[Check]:
    """Look at the server as the service would meet it."""
    try:
        facts = look_at_server(url)
    except VaultError as error:
        yield Check(Level.FAILURE, _PART, str(error))
        return
    yield Check(Level.OK, _PART, f"PostgreSQL {facts.version}, as {facts.role}")
    if facts.unsafe_settings:
        off = " and ".join(facts.unsafe_settings)
        yield Check(
            Level.FAILURE, _PART, f"the server runs without {off}: a power cut loses what it committed"
        )
    if not facts.is_local and facts.sslmode != "verify-full":
        finding = f"sslmode is {facts.sslmode}: only verify-full proves that the server is ours; {_MANUAL}"
        yield Check(Level.WARNING, _PART, finding)
    for finding in facts.odd:
        yield Check(Level.FAILURE, _PART, f"{finding}: the service does not keep what it believes it keeps")
    yield _rights(facts)


def _rights(facts: ServerFacts) -> Check:
    if facts.excess:
        finding = f"{facts.role} could rewrite the log ({', '.join(facts.excess)}); {_MANUAL}"
        return Check(Level.WARNING, _PART, finding)
    return Check(
        Level.OK, _PART, f"{facts.role} can add to the log, and neither change nor remove what is in it"
    )
