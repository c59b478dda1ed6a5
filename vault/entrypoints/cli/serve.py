"""`callvault serve`: run the service."""

from __future__ import annotations

from cyclopts import App

from vault.entrypoints.cli.arguments import Port
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.serve import serve as run_service

app = App(name="serve", help_format="plaintext")


@app.default
def serve(*, host: str | None = None, port: Port = None, workers: int | None = None, run: Run) -> int:
    """Run the service until it is told to stop; says one line for each door that accepts connections.

    Parameters
    ----------
    host
        Address to listen on; 127.0.0.1 unless configured otherwise.
    port
        Port to listen on; 0 picks a free one.
    workers
        Processes that serve.
    """
    return run_service(run.settings(), host=host, port=port, workers=workers)
