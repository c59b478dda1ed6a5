"""The log: its clock, and that the database still agrees with what was signed."""

from __future__ import annotations

from datetime import timedelta

from vault.entrypoints.cli.checks.check import Check, Level
from vault.ports.vault import Vault
from vault.usecases.report_status import newest_entry_time

_CLOCK_SLACK = timedelta(seconds=2)


def check_log() -> Check:
    """Say that an open vault's log agrees with the signed head: else it would not have opened."""
    return Check(Level.OK, "log", "the database agrees with the head signed beside the slots")


async def check_clock(vault: Vault) -> Check:
    """Compare with the log, whose time never goes back: behind it, everything would bear one time."""
    last, now = await newest_entry_time(vault), vault.clock.now()
    if last is not None and now + _CLOCK_SLACK < last:
        return Check(Level.FAILURE, "clock", f"it is {last - now} behind the last entry of the log")
    return Check(Level.OK, "clock", f"{now:%Y-%m-%d %H:%M:%S} UTC, not behind the log")
