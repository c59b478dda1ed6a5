"""`callvault sources`: the PBXs and platforms that upload."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from cyclopts import App, Parameter

from vault.domain.event import Actor
from vault.domain.names import CustomerName, SourceName
from vault.domain.source import Source
from vault.entrypoints.cli.arguments import Name
from vault.entrypoints.cli.exits import WrongUsage
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.cli.passwords import text_of
from vault.entrypoints.cli.render import Row, Value
from vault.ports.vault import Vault
from vault.usecases.add_source import SourceTokens, add_source, issue_tokens, revoke_source
from vault.usecases.list_sources import list_sources, show_source
from vault.usecases.look_up import owner_names

app = App(
    name="sources",
    help_format="plaintext",
    help_epilogue="""\
Examples:
  callvault sources add acme-pbx --customer acme --zone Europe/London --region GB
  callvault sources add front-desk --own
  callvault sources token acme-pbx
""",
)

_COLUMNS = ("name", "customer", "zone", "region", "added_at", "revoked_at")
_SHOWN_ONCE = (
    "Tokens are shown once. `token` goes into the Authorization header, `hook_token` only into the URL of a "
    "source that can send no header."
)


@app.command
def add(
    name: Name,
    /,
    *,
    customer: Name | None = None,
    own: Annotated[bool, Parameter(negative="")] = False,
    zone: str = "Europe/London",
    region: str = "GB",
    run: Run,
) -> None:
    """Add a source; print its tokens once.

    Parameters
    ----------
    name
        Short name.
    customer
        The customer whose calls it brings.
    own
        It brings the company's own calls.
    zone
        IANA time zone of the local times in its file names.
    region
        ISO 3166 country by which its telephone numbers are read.
    """
    if (customer is None) is not own:
        raise WrongUsage("say whose calls it brings: --customer NAME, or --own for the company's own")
    owner = CustomerName(customer) if customer is not None else None

    async def _use(vault: Vault, by: Actor) -> tuple[Source, SourceTokens]:
        return await add_source(vault, SourceName(name), customer=owner, zone=zone, region=region, by=by)

    source, tokens = run.in_vault(_use)
    run.show({**source_row(source, {source.customer or "": customer or ""}), **_issued(tokens, run)})
    run.note(_SHOWN_ONCE)


@app.command(name="list")
def list_(*, run: Run) -> None:
    """List all sources."""

    async def _use(vault: Vault, by: Actor) -> list[Row]:
        sources = await list_sources(vault, by=by)
        names = await owner_names(vault, [source.customer for source in sources])
        return [source_row(source, names.customers) for source in sources]

    run.show_list(run.in_vault(_use), _COLUMNS)


@app.command
def show(name: Name, /, *, run: Run) -> None:
    """Show one source.

    Parameters
    ----------
    name
        Its short name.
    """

    async def _use(vault: Vault, by: Actor) -> Row:
        return await _named(vault, await show_source(vault, SourceName(name), by=by))

    run.show(run.in_vault(_use))


@app.command
def token(name: Name, /, *, run: Run) -> None:
    """Issue new tokens, printed once; the old ones are refused from now on.

    Parameters
    ----------
    name
        The source's short name.
    """

    async def _use(vault: Vault, by: Actor) -> SourceTokens:
        return await issue_tokens(vault, SourceName(name), by=by)

    run.show({"name": name, **_issued(run.in_vault(_use), run)})
    run.note(_SHOWN_ONCE)


@app.command
def revoke(name: Name, /, *, run: Run) -> None:
    """Revoke a source: its tokens are refused from now on.

    Parameters
    ----------
    name
        The source's short name.
    """

    async def _use(vault: Vault, by: Actor) -> Row:
        return await _named(vault, await revoke_source(vault, SourceName(name), by=by))

    run.show(run.in_vault(_use))


def source_row(source: Source, customer_names: Mapping[str, str]) -> Row:
    """Return what is shown of a source."""
    return {
        "name": source.name,
        "id": source.id,
        "customer": customer_names.get(source.customer) if source.customer else None,
        "own": source.customer is None,
        "zone": source.zone,
        "region": source.region,
        "added_at": source.added_at,
        "revoked_at": source.revoked_at,
    }


async def _named(vault: Vault, source: Source) -> Row:
    return source_row(source, (await owner_names(vault, [source.customer])).customers)


def _issued(tokens: SourceTokens, run: Run) -> dict[str, Value]:
    http, hook = run.settings().http, text_of(tokens.hook)
    # Without a public address, only this machine could use the URL, and a PBX is another.
    url = f"{http.base_url()}/v1/hooks/{hook}" if http.public_url else None
    return {"token": text_of(tokens.bearer), "hook_token": hook, "url": url}
