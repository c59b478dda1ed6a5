"""`callvault status`: the vault at a glance."""

from __future__ import annotations

from cyclopts import App

from vault.domain.event import Actor
from vault.domain.recording import RecordingState
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.cli.render import Value
from vault.ports.vault import Vault
from vault.usecases.report_status import Status, report_status

app = App(name="status", help_format="plaintext")


@app.default
def status(*, run: Run) -> None:
    """Show what waits and what is due: recordings by state, blobs to be deleted, the size of the log."""

    async def _use(vault: Vault, _by: Actor) -> Status:
        return await report_status(vault)

    found = run.in_vault(_use)
    states: dict[str, Value] = {}
    for state in RecordingState:
        count, size = found.recordings[state]
        states |= {f"{state}_recordings": count, f"{state}_bytes": size}
    run.show(
        {
            **states,
            "blobs_to_delete": found.blobs_to_delete,
            "log_size": found.log_size,
            "customers": found.customers,
            "sources": found.sources,
        }
    )
