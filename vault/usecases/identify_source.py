"""Find out which source a token belongs to, and whether it may upload."""

from __future__ import annotations

from vault.domain.names import token_id
from vault.domain.source import Source
from vault.errors import BadToken
from vault.ports.database import Repositories
from vault.ports.vault import Vault
from vault.usecases.add_source import must_be_vouched


async def identify_source(vault: Vault, token: str, *, hook: bool = False) -> Source:
    """Return the source of a bearer token, or with `hook` of a URL token; raise `BadToken` or `Closed`.

    Raise `LogCorrupt` for a source whose row was changed behind this vault's back.
    """
    name = token_id(token)

    async def _find(rows: Repositories) -> Source:
        find = rows.sources.by_hook_token if hook else rows.sources.by_token
        source = await find(name)
        if source is None:
            raise BadToken("the token is unknown or revoked")
        must_be_vouched(vault, source).must_be_live()
        customer = await rows.customers.by_id(source.customer) if source.customer is not None else None
        if customer is not None:
            customer.must_be_open()
        return source

    return await vault.read(_find)
