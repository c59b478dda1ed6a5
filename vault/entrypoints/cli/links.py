"""`callvault links`: the addresses at which customers collect."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from cyclopts import App

from keys.secret import Secret
from vault.domain.access import Link
from vault.domain.event import Actor
from vault.domain.names import CustomerName
from vault.entrypoints.cli.arguments import Duration, Id, Name
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.cli.lookups import customer_id, customer_names
from vault.entrypoints.cli.passwords import text_of
from vault.entrypoints.cli.render import Row
from vault.ports.vault import Vault
from vault.usecases.create_link import create_link, revoke_link

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
    base_url = run.settings().http.base_url()

    async def _use(vault: Vault, by: Actor) -> tuple[Link, Secret]:
        return await create_link(vault, CustomerName(customer), recordings=recording, lifetime=expires, by=by)

    link, token = run.in_vault(_use)
    # In the fragment, which browsers keep to themselves: no scanner, proxy or log sees the token.
    url = f"{base_url}/collect#{text_of(token)}"
    run.show({**_row(link, {link.customer: customer}, link.created_at), "url": url})
    run.note("The URL is shown once. It opens nothing without the customer's retrieval password.")


@app.command(name="list")
def list_(*, customer: Name | None = None, run: Run) -> None:
    """List links, newest first.

    Parameters
    ----------
    customer
        Only this customer's.
    """

    async def _use(vault: Vault, _by: Actor) -> list[Row]:
        async with vault.reading() as rows:
            links = await rows.links.all(await customer_id(rows, customer))
            names = await customer_names(rows)
        return [_row(link, names, vault.clock.now()) for link in links]

    run.show_list(run.in_vault(_use), _COLUMNS)


@app.command
def revoke(link: Id, /, *, run: Run) -> None:
    """Revoke a link: it leads nowhere from now on.

    Parameters
    ----------
    link
        Its id, or the beginning of it.
    """

    async def _use(vault: Vault, by: Actor) -> Row:
        revoked = await revoke_link(vault, link, by=by)
        async with vault.reading() as rows:
            return _row(revoked, await customer_names(rows), vault.clock.now())

    run.show(run.in_vault(_use))


def _row(link: Link, customer_names: Mapping[str, str], now: datetime) -> Row:
    return {
        "id": link.id,
        "customer": customer_names.get(link.customer, link.customer),
        "state": _state(link, now),
        "recordings": list(link.recordings),
        "created_at": link.created_at,
        "expires_at": link.expires_at,
        "revoked_at": link.revoked_at,
    }


def _state(link: Link, now: datetime) -> str:
    if link.revoked_at is not None:
        return "revoked"
    return "live" if link.live(now) else "expired"
