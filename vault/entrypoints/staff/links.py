"""Links by which customers collect."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from vault.domain.access import Link
from vault.domain.names import CustomerName, parse_id_prefix, parse_name
from vault.entrypoints.staff.operation import OFFICE, Acting, IdText, NameText, Operation, Rows, Seconds
from vault.entrypoints.staff.row import Row
from vault.ports.vault import Vault
from vault.usecases.create_link import create_link, revoke_link
from vault.usecases.list_links import list_links
from vault.usecases.look_up import owner_names


class CreateLink(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Whose link, to which recordings (none means whatever waits), and for how long."""

    customer: NameText
    recordings: list[IdText] = []
    expires_seconds: Seconds | None = None


class ListLinks(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """All links, or a customer's."""

    customer: NameText | None = None


class OneLink(Struct, frozen=True, forbid_unknown_fields=True):
    """A link, by its id or the beginning of it."""

    link: IdText


async def _create(vault: Vault, acting: Acting, asked: CreateLink) -> Row:
    """Create a link; its URL is told once."""
    lifetime = None if asked.expires_seconds is None else timedelta(seconds=asked.expires_seconds)
    recordings = [parse_id_prefix(each) for each in asked.recordings]
    name = CustomerName(parse_name(asked.customer))
    link, token = await create_link(vault, name, recordings=recordings, lifetime=lifetime, by=acting.actor)
    # In the fragment, which browsers keep to themselves: no scanner, proxy or log sees the token.
    url = f"{vault.policy.base_url}/collect#{token.reveal().decode()}"
    return {**_row(link, {link.customer: name}, link.created_at), "url": url}


async def _list(vault: Vault, acting: Acting, asked: ListLinks) -> Rows:
    """List links, newest first."""
    customer = CustomerName(parse_name(asked.customer)) if asked.customer is not None else None
    links = await list_links(vault, customer, by=acting.actor)
    names = await owner_names(vault, [link.customer for link in links])
    return [_row(link, names.customers, vault.clock.now()) for link in links]


async def _revoke(vault: Vault, acting: Acting, asked: OneLink) -> Row:
    """Revoke a link: it leads nowhere from now on."""
    revoked = await revoke_link(vault, parse_id_prefix(asked.link), by=acting.actor)
    names = await owner_names(vault, [revoked.customer])
    return _row(revoked, names.customers, vault.clock.now())


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


CREATE = Operation("links create", CreateLink, _create, OFFICE, many=False)
LIST = Operation("links list", ListLinks, _list, OFFICE, many=True)
REVOKE = Operation("links revoke", OneLink, _revoke, OFFICE, many=False)
OPERATIONS = (CREATE, LIST, REVOKE)
