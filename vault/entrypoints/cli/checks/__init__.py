"""What `callvault doctor` looks at, a module for each part. Each check says one thing and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from vault.config import Settings
from vault.entrypoints.cli.checks.anchors import check_anchors
from vault.entrypoints.cli.checks.check import Check, Level
from vault.entrypoints.cli.checks.database import check_database
from vault.entrypoints.cli.checks.doors import check_doors
from vault.entrypoints.cli.checks.endings import check_endings
from vault.entrypoints.cli.checks.log import check_clock, check_log
from vault.entrypoints.cli.checks.machine import check_machine
from vault.entrypoints.cli.checks.renewals import check_renewals
from vault.entrypoints.cli.checks.settings import (
    check_custody,
    check_data_folder,
    check_horizon,
    check_residency,
)
from vault.entrypoints.cli.checks.slots import check_dropped_mirrors, check_mirrors, check_slot_folders
from vault.entrypoints.cli.checks.store import check_store
from vault.ports.vault import Vault

__all__ = ["Check", "Level", "check_deployment", "check_vault"]


def check_deployment(settings: Settings) -> Iterator[Check]:
    """Look at what can be told without opening the vault."""
    yield from check_machine()
    yield check_data_folder(settings.data)
    yield check_custody(settings.custody.url)
    yield from check_slot_folders(settings)
    yield from check_database(settings.database.url)
    yield check_horizon(settings)
    yield check_residency(settings)
    yield from check_doors(settings)


async def check_vault(vault: Vault, settings: Settings) -> list[Check]:
    """Look at the open vault."""
    return [
        check_log(),
        await check_clock(vault),
        await check_store(vault, settings.store.url),
        *check_mirrors(vault, settings),
        *[check async for check in check_dropped_mirrors(vault, settings)],
        *[check async for check in check_anchors(vault)],
        *[check async for check in check_renewals(vault)],
        *[check async for check in check_endings(vault)],
    ]
