"""Say whether the vault can serve now: log, database, store and slots."""

from __future__ import annotations

from collections.abc import Awaitable

from keys.errors import KeysError
from vault.errors import VaultError
from vault.ports.vault import Vault


async def check_readiness(vault: Vault) -> dict[str, str]:
    """Return «ok» or an error code for each part."""
    return {
        "database": await _outcome(vault.database.check()),
        "store": await _outcome(vault.blobs.check()),
        "slots": await _outcome(vault.slots.read_head()),
    }


async def _outcome(check: Awaitable[object]) -> str:
    try:
        await check
    except (VaultError, KeysError) as error:
        return error.code
    return "ok"
