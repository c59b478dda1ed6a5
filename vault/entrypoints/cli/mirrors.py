"""`callvault mirrors`: the folders that hold the slots."""

from __future__ import annotations

import asyncio
from pathlib import Path

from cyclopts import App

from keys.slots.filesystem import describe_filesystem
from vault.app.mirrors import add_mirror
from vault.domain.event import Actor
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.cli.opening import in_vault
from vault.ports.vault import Vault
from vault.usecases.record_mirror import record_mirror

app = App(
    name="mirrors",
    help_format="plaintext",
    help_epilogue="""\
Examples:
  callvault mirrors list
  callvault mirrors add /mnt/second/callvault-slots
""",
)


@app.command(name="list")
def list_(*, run: Run) -> None:
    """List the configured mirrors, with the file system each lies on."""
    paths = run.settings().slots.paths
    rows = [{"path": str(path), "file_system": str(describe_filesystem(path))} for path in paths]
    run.show_list(rows, ("path", "file_system"))


@app.command
def add(path: Path, /, *, run: Run) -> None:
    """Fill a new folder with every slot. Stop the service first; list the folder in the settings after.

    Parameters
    ----------
    path
        A folder on a disk of its own, empty or not there yet.
    """
    place = path.absolute()
    settings = asyncio.run(add_mirror(run.settings(), place))

    async def _record(vault: Vault, by: Actor) -> None:
        await record_mirror(vault, str(place), by=by)

    asyncio.run(in_vault(settings, run.options.staff, _record))
    run.show({"path": str(place), "file_system": str(describe_filesystem(place))})
    run.note(f"Now list {place} in [slots] paths, and start the service again.")
