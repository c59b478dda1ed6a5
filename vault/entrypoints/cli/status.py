"""`callvault status`: the vault at a glance."""

from __future__ import annotations

from cyclopts import App

from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.staff.status import SHOW, ShowStatus

app = App(name="status", help_format="plaintext")


@app.default
def status(*, run: Run) -> None:
    """Show what waits and what is due: recordings by state, blobs to be deleted, the size of the log."""
    run.show(run.ask(SHOW, ShowStatus()))
