"""`callvault customers`: the contracting companies whose recordings are held."""

from __future__ import annotations

from cyclopts import App

from vault.entrypoints.cli.arguments import Name, PasswordFile
from vault.entrypoints.cli.exits import WrongUsage
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.staff import customers as operations

app = App(
    name="customers",
    help_format="plaintext",
    help_epilogue="""\
Examples:
  callvault customers add acme --agreement C-2026-014 --title "Acme Ltd" --email calls@acme.example
  callvault customers set acme --no-delete-on-collection --instructed-by "J. Smith, Acme, letter of 3 May"
  callvault --as dpo customers reissue-password acme
""",
)

_COLUMNS = ("name", "title", "agreement", "email", "delete_on_collection", "closed_at")
_SHOWN_ONCE = "The password is shown once. Tell it to the customer by another way than the link."


@app.command
def add(
    name: Name, /, *, agreement: str, title: str | None = None, email: str | None = None, run: Run
) -> None:
    """Add a customer; print its first retrieval password once.

    Parameters
    ----------
    name
        Short name, with which it also signs in.
    agreement
        Reference of its recording agreement.
    title
        Full name.
    email
        Where to write to them; Callvault itself sends nothing.
    """
    run.show(run.ask(operations.ADD, operations.AddCustomer(name, agreement, title, email)))
    run.note(_SHOWN_ONCE)


@app.command(name="list")
def list_(*, run: Run) -> None:
    """List all customers."""
    run.show_list(run.ask(operations.LIST, operations.EveryCustomer()), _COLUMNS)


@app.command
def show(name: Name, /, *, run: Run) -> None:
    """Show one customer.

    Parameters
    ----------
    name
        Its short name.
    """
    run.show(run.ask(operations.SHOW, operations.OneCustomer(name)))


@app.command(name="set")
def set_(
    name: Name,
    /,
    *,
    agreement: str | None = None,
    title: str | None = None,
    email: str | None = None,
    delete_on_collection: bool | None = None,
    instructed_by: str | None = None,
    run: Run,
) -> None:
    """Change what is known of a customer, or what it instructed.

    Parameters
    ----------
    name
        Its short name.
    agreement
        Reference of its recording agreement.
    title
        Full name.
    email
        Where to write to them; Callvault itself sends nothing.
    delete_on_collection
        Whether a collected recording is destroyed at once; by the customer's instruction only.
    instructed_by
        Who instructed it, and how.
    """
    if (agreement, title, email, delete_on_collection) == (None, None, None, None):
        raise WrongUsage("nothing to change was given; see callvault customers set --help")
    asked = operations.ChangeCustomer(name, agreement, title, email, delete_on_collection, instructed_by)
    run.show(run.ask(operations.SET, asked))


@app.command
def close(name: Name, /, *, run: Run) -> None:
    """Close a customer: nothing is uploaded for it any more; what waits can still be collected.

    Parameters
    ----------
    name
        Its short name.
    """
    run.show(run.ask(operations.CLOSE, operations.OneCustomer(name)))


@app.command
def reissue_password(name: Name, /, *, password_file: PasswordFile = None, run: Run) -> None:
    """Issue a new retrieval password, printed once; the old one and its sessions are dead.

    Needs the passphrase of a DPO or tech manager, whom --as names.

    Parameters
    ----------
    name
        The customer's short name.
    password_file
        File with that person's passphrase; `-` is standard input.
    """
    run.show(run.ask(operations.REISSUE, operations.OneCustomer(name), password_file))
    run.note(_SHOWN_ONCE)
