"""What answers there? Asked only after something went wrong: a vault of another version, or none at all."""

from __future__ import annotations

import aiohttp

from vault import __version__
from vault.entrypoints.client.address import Address
from vault.entrypoints.client.answers import Description
from vault.entrypoints.client.failures import ClientError, NotUnderstood, ServerRefused, TryAgain
from vault.entrypoints.client.http import answered, read_answer

_TITLE = "Callvault"
_MAY_BE_ANOTHER_VERSION = frozenset({"", "invalid_request", "not_found", "method_not_allowed", "redirect"})


async def explained(session: aiohttp.ClientSession, address: Address, error: ClientError) -> ClientError:
    """Return the error, with what else is to be known of it where the server is not of this version."""
    doubted = isinstance(error, NotUnderstood) or (
        isinstance(error, ServerRefused) and error.code in _MAY_BE_ANOTHER_VERSION
    )
    if not doubted:
        return error
    try:
        version = await _version(session, address)
    except TryAgain:
        return error
    except ClientError:
        return ClientError(f"what answers at {address.base_url} is no Callvault: {error}")
    if version == __version__:
        return error
    return ClientError(f"{error} (the vault is of version {version}, this command of {__version__})")


async def _version(session: aiohttp.ClientSession, address: Address) -> str:
    """Return the version that the vault says it is of; raise `NotUnderstood` for no vault."""
    async with answered(session, "GET", address.url("/openapi.json")) as response:
        about = (await read_answer(response, Description)).info
    if about.title != _TITLE:
        raise NotUnderstood("this is no description of a Callvault")
    return about.version
