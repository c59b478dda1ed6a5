"""`callvault migrate`: bring the database up to this version of the program."""

from __future__ import annotations

import asyncio

from cyclopts import App

from vault.db.database import SqlDatabase
from vault.db.schema import REVISION, upgrade
from vault.entrypoints.cli.invocation import Run
from vault.errors import NoVault

app = App(name="migrate", help_format="plaintext")


@app.default
def migrate(*, run: Run) -> None:
    """Bring the database's schema up to this version, whole or not at all. Stop the service first."""
    url = run.settings().database.url

    async def _renew() -> None:
        if not await SqlDatabase.exists(url):
            raise NoVault("there is no database; `callvault init` makes a vault")
        await upgrade(url)

    asyncio.run(_renew())
    run.show({"schema": REVISION})
