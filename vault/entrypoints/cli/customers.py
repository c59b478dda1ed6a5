"""`callvault customers`: the contracting companies whose recordings are held."""

from __future__ import annotations

from collections.abc import Sequence

from cyclopts import App

from keys.passwords import normalise
from keys.secret import Secret
from vault.domain.customer import Customer
from vault.domain.event import Actor
from vault.domain.names import CustomerName, StaffName
from vault.entrypoints.cli.arguments import Name, PasswordFile
from vault.entrypoints.cli.exits import WrongUsage
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.cli.passwords import read_password, text_of
from vault.entrypoints.cli.render import Row
from vault.ports.vault import Vault
from vault.usecases.add_customer import add_customer
from vault.usecases.change_customer import change_customer, close_customer, find_customer
from vault.usecases.reissue_password import reissue_password as reissue

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
        Where notices go.
    """

    async def _use(vault: Vault, by: Actor) -> tuple[Customer, Secret]:
        return await add_customer(
            vault, CustomerName(name), agreement=agreement, title=title, email=email, by=by
        )

    customer, password = run.in_vault(_use)
    run.show({**customer_row(customer), "password": text_of(password)})
    run.note(_SHOWN_ONCE)


@app.command(name="list")
def list_(*, run: Run) -> None:
    """List all customers."""

    async def _use(vault: Vault, _by: Actor) -> Sequence[Customer]:
        async with vault.reading() as rows:
            return await rows.customers.all()

    run.show_list([customer_row(customer) for customer in run.in_vault(_use)], _COLUMNS)


@app.command
def show(name: Name, /, *, run: Run) -> None:
    """Show one customer.

    Parameters
    ----------
    name
        Its short name.
    """

    async def _use(vault: Vault, _by: Actor) -> Customer:
        async with vault.reading() as rows:
            return await find_customer(rows, CustomerName(name))

    run.show(customer_row(run.in_vault(_use)))


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
        Where notices go.
    delete_on_collection
        Whether a collected recording is destroyed at once; by the customer's instruction only.
    instructed_by
        Who instructed it, and how.
    """
    if (agreement, title, email, delete_on_collection) == (None, None, None, None):
        raise WrongUsage("nothing to change was given; see callvault customers set --help")

    async def _use(vault: Vault, by: Actor) -> Customer:
        return await change_customer(
            vault,
            CustomerName(name),
            by=by,
            agreement=agreement,
            title=title,
            email=email,
            delete_on_collection=delete_on_collection,
            instructed_by=instructed_by,
        )

    run.show(customer_row(run.in_vault(_use)))


@app.command
def close(name: Name, /, *, run: Run) -> None:
    """Close a customer: nothing is uploaded for it any more; what waits can still be collected.

    Parameters
    ----------
    name
        Its short name.
    """

    async def _use(vault: Vault, by: Actor) -> Customer:
        return await close_customer(vault, CustomerName(name), by=by)

    run.show(customer_row(run.in_vault(_use)))


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
    staff = run.options.staff
    if staff is None:
        raise WrongUsage("say whose passphrase it is: --as NAME, a DPO or tech manager")
    given = read_password(f"passphrase of {staff}", password_file, run.environ)

    async def _use(vault: Vault, by: Actor) -> Secret:
        return await reissue(
            vault,
            CustomerName(name),
            staff=StaffName(by.name),
            passphrase=normalise(text_of(given)),
            by=by,
        )

    run.show({"name": name, "password": text_of(run.in_vault(_use))})
    run.note(_SHOWN_ONCE)


def customer_row(customer: Customer) -> Row:
    """Return what is shown of a customer."""
    return {
        "name": customer.name,
        "id": customer.id,
        "title": customer.title,
        "agreement": customer.agreement,
        "email": customer.email,
        "delete_on_collection": customer.delete_on_collection,
        "added_at": customer.added_at,
        "closed_at": customer.closed_at,
    }
