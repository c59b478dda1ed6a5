"""The blob store: whether it takes blobs now."""

from __future__ import annotations

import shutil

from vault.entrypoints.cli.checks.check import Check, Level
from vault.errors import VaultError
from vault.ports.vault import Vault

_FILE = "file:"


async def check_store(vault: Vault, url: str) -> Check:
    """See that a blob could be stored now."""
    try:
        region = await vault.blobs.examine()
        await vault.blobs.check()
    except VaultError as error:
        return Check(Level.FAILURE, "blob store", str(error))
    if not url.startswith(_FILE):
        where = f" in {region}" if region else ""
        return Check(Level.OK, "blob store", f"takes blobs{where}; keeps nothing that is deleted")
    free = shutil.disk_usage(url.removeprefix(_FILE)).free
    return Check(Level.OK, "blob store", f"takes blobs; {free / 2**30:.1f} GiB free")
