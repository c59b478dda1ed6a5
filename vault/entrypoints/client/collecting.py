"""A customer's session with the vault: sign in, list, confirm, sign out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import aiohttp

from vault.domain.names import parse_id_prefix
from vault.entrypoints.client.address import Address
from vault.entrypoints.client.answers import (
    Collection,
    SignedIn,
    WaitingItem,
    WaitingPage,
    not_understood,
)
from vault.entrypoints.client.failures import ClientError
from vault.entrypoints.client.http import answered, read_answer
from vault.entrypoints.client.retry import Patience, patiently
from vault.errors import Invalid

_SESSIONS = "/v1/collect/sessions"
_RECORDINGS = "/v1/collect/recordings"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A recording that can be collected; `state` is `waiting`, or `retained` for one that is kept."""

    id: str
    file_name: str | None
    bytes: int
    state: str


@dataclass(frozen=True, slots=True)
class Collected:
    """The answer to a receipt: `shredded` with its certificate, `held`, `retained` or `pending`."""

    state: str
    certificate: str | None


@dataclass(frozen=True, slots=True)
class Collector:
    """A customer that has signed in."""

    session: aiohttp.ClientSession
    address: Address
    token: str
    patience: Patience

    @property
    def headers(self) -> dict[str, str]:
        """What shows the vault who asks."""
        return {"Authorization": f"Bearer {self.token}"}

    def content_url(self, recording: str) -> str:
        """Return where a recording's bytes are."""
        return self.address.url(f"{_RECORDINGS}/{recording}/content")

    async def waiting(self) -> list[Waiting]:
        """Return everything that can be collected."""
        found: dict[str, Waiting] = {}
        cursor: str | None = None
        while True:
            page = await self._page(cursor)
            items = [_waiting(item) for item in page.items]
            new = {item.id: item for item in items if item.id not in found}
            found |= new
            cursor = page.next
            # A page with nothing new ends it too: no server keeps us turning pages for ever.
            if cursor is None or not new:
                return list(found.values())

    async def confirm(self, recording: str, sha256: str) -> Collected:
        """Prove that we hold a recording; the vault destroys its own.

        Raise `ServerRefused` with the code `digest_mismatch` for a digest that is another's.
        """
        url = self.address.url(f"{_RECORDINGS}/{recording}/receipt")

        async def _post() -> Collection:
            async with answered(
                self.session, "POST", url, json={"sha256": sha256}, headers=self.headers
            ) as response:
                return await read_answer(response, Collection)

        answer = await patiently(_post, self.patience)
        return Collected(answer.state, answer.certificate)

    async def sign_out(self) -> None:
        """End the session; one that can't be ended now ends by itself."""
        with suppress(ClientError):
            url = self.address.url(f"{_SESSIONS}/current")
            async with answered(self.session, "DELETE", url, headers=self.headers):
                pass

    async def _page(self, cursor: str | None) -> WaitingPage:
        async def _get() -> WaitingPage:
            async with answered(
                self.session,
                "GET",
                self.address.url(_RECORDINGS),
                params={"cursor": cursor} if cursor else {},
                headers=self.headers,
            ) as response:
                return await read_answer(response, WaitingPage)

        return await patiently(_get, self.patience)


@asynccontextmanager
async def signed_in(
    session: aiohttp.ClientSession,
    address: Address,
    *,
    password: str,
    customer: str | None,
    patience: Patience,
) -> AsyncIterator[Collector]:
    """Sign in by the link in the address, or as `customer`; sign out at the end, whatever happened.

    Raise `ServerRefused` for a wrong pair, `TryAgain` while too many were tried.
    """
    who = {"link": address.link.reveal().decode()} if address.link else {"customer": customer}

    async def _post() -> SignedIn:
        async with answered(
            session, "POST", address.url(_SESSIONS), json={**who, "password": password}
        ) as response:
            return await read_answer(response, SignedIn)

    token = (await patiently(_post, patience)).token
    collector = Collector(session, address, token, patience)
    try:
        yield collector
    finally:
        await collector.sign_out()


def _waiting(item: WaitingItem) -> Waiting:
    """Read one item; its id becomes part of paths, so nothing else than an id may pass."""
    try:
        recording = parse_id_prefix(item.id)
    except Invalid:
        raise not_understood() from None
    return Waiting(recording, item.file_name, item.bytes, item.state)
