"""`callvault links`: the addresses at which customers collect."""

from __future__ import annotations

from cyclopts import App

from vault.entrypoints.cli.arguments import Duration, Id, Name
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.staff import links as operations

app = App(
    name="links",
    help_format="plaintext",
    help_epilogue="""\
Examples:
  callvault links create acme --expires 7d
  callvault links create acme --recording 4f7k --recording 9qx
  callvault links list --customer acme
""",
)

_COLUMNS = ("id", "customer", "state", "recordings", "created_at", "expires_at")


@app.command
def create(
    customer: Name,
    /,
    *,
    recording: tuple[Id, ...] = (),
    expires: Duration | None = None,
    run: Run,
) -> None:
    """Create a link; print its URL once.

    Parameters
    ----------
    customer
        The customer's short name.
    recording
        A recording it leads to, by id or the beginning of one; may be given again. None means whatever waits.
    expires
        How long it leads anywhere, such as 12h or 7d.
    """
    seconds = None if expires is None else int(expires.total_seconds())
    run.show(run.ask(operations.CREATE, operations.CreateLink(customer, list(recording), seconds)))
    run.note("The URL is shown once. It opens nothing without the customer's retrieval password.")


@app.command(name="list")
def list_(*, customer: Name | None = None, run: Run) -> None:
    """List links, newest first.

    Parameters
    ----------
    customer
        Only this customer's.
    """
    run.show_list(run.ask(operations.LIST, operations.ListLinks(customer)), _COLUMNS)


@app.command
def revoke(link: Id, /, *, run: Run) -> None:
    """Revoke a link: it leads nowhere from now on.

    Parameters
    ----------
    link
        Its id, or the beginning of it.
    """
    run.show(run.ask(operations.REVOKE, operations.OneLink(link)))
