"""`callvault migrate`: bring the database up to this version of the program."""

from __future__ import annotations

import asyncio

from cyclopts import App

from vault.app.founding import migrate_vault
from vault.entrypoints.cli.invocation import Run

app = App(name="migrate", help_format="plaintext")


@app.default
def migrate(*, run: Run) -> None:
    """Bring the database's schema up to this version, whole or not at all. Stop the service first."""
    asyncio.run(migrate_vault(run.settings()))
    run.note("The database is up to this version.")
