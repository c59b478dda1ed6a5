"""Say whether the vault can serve now: log, database, store and slots."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from keys.errors import KeysError
from vault.errors import VaultError
from vault.ports.vault import Vault

Tell = Callable[[str, VaultError | KeysError], None]


async def check_readiness(vault: Vault, *, tell: Tell | None = None) -> dict[str, str]:
    """Return «ok» or an error code for each part; `tell` hears of each part that failed, and why."""
    checks: Mapping[str, Callable[[], Awaitable[object]]] = {
        "database": vault.database.check,
        "store": vault.blobs.check,
        "slots": vault.slots.read_head,
    }
    outcomes = {}
    for part, check in checks.items():
        try:
            await check()
            outcomes[part] = "ok"
        except (VaultError, KeysError) as error:
            outcomes[part] = error.code
            if tell is not None:
                tell(part, error)
    return outcomes
