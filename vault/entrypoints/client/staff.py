"""A person of the staff at work from a machine of their own: sign in, ask, sign out.

By passphrase, which goes to the vault in a body and nowhere else; or by an identity file, which answers a
question here and goes nowhere. The token is kept in memory only, for one command.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp

from keys import challenge
from keys.age import HybridIdentity
from keys.errors import KeysError
from keys.identities import unlock
from keys.secret import Secret
from vault.entrypoints.client.address import Address
from vault.entrypoints.client.answers import (
    Challenge,
    Item,
    SignedIn,
    StaffSession,
    decoded,
    not_understood,
)
from vault.entrypoints.client.failures import ClientError, ServerRefused, TryAgain
from vault.entrypoints.client.http import answered, read_answer

_STAFF = "/v1/staff"
_CURRENT = f"{_STAFF}/sessions/current"
_UNAUTHORISED = 401
_MOST_LINE_BYTES = 16 << 20

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Desk:
    """A person who has signed in. `identity` is their own where it stayed here, else None."""

    session: aiohttp.ClientSession
    address: Address
    token: Secret
    identity: HybridIdentity | None

    @property
    def headers(self) -> dict[str, str]:
        """What shows the vault who asks."""
        return {"Authorization": f"Bearer {self.token.reveal().decode()}"}

    def url(self, operation: str) -> str:
        """Return where an operation is asked for, such as «recordings/open»."""
        return self.address.url(f"{_STAFF}/{operation}")

    async def ask(self, operation: str, asked: Mapping[str, Any], answer: type[Answer]) -> Answer:
        """Return what an operation answers; raise `ServerRefused`, `TryAgain` or `NotUnderstood`."""
        async with answered(
            self.session, "POST", self.url(operation), json=dict(asked), headers=self.headers
        ) as response:
            return await read_answer(response, answer)

    async def stream(self, operation: str, asked: Mapping[str, Any]) -> AsyncGenerator[Item, None]:
        """Yield what an operation answers, line by line; empty lines only keep the connection."""
        async with answered(
            self.session, "POST", self.url(operation), json=dict(asked), headers=self.headers
        ) as response:
            async for line in _lines(response):
                if line.strip():
                    yield decoded(line, Item)

    async def role(self) -> str:
        """Return the role that the vault knows the person in."""
        return (await self._session()).role

    async def group_identities(self) -> Sequence[HybridIdentity]:
        """Return the identities of the person's group, opened by the own one; none where that one is away."""
        if self.identity is None:
            return []
        locked = (await self._session()).identities
        try:
            return [unlock(each, [self.identity]) for each in locked]
        except KeysError:
            raise ClientError("the identity file does not open what the vault keeps for it") from None

    async def _session(self) -> StaffSession:
        async with answered(
            self.session, "GET", self.address.url(_CURRENT), headers=self.headers
        ) as response:
            return await read_answer(response, StaffSession)

    async def sign_out(self) -> None:
        """End the session; one that can't be ended now ends by itself."""
        with suppress(ClientError):
            async with answered(self.session, "DELETE", self.address.url(_CURRENT), headers=self.headers):
                pass


@asynccontextmanager
async def staff_signed_in(
    session: aiohttp.ClientSession, address: Address, name: str, proof: Secret | HybridIdentity
) -> AsyncIterator[Desk]:
    """Sign in by a passphrase or an identity file's identity; sign out at the end, whatever happened.

    Raise `ServerRefused` for a wrong pair, `TryAgain` while too many were tried.
    """
    if isinstance(proof, Secret):
        given = {"staff": name, "passphrase": proof.reveal().decode("utf-8", "replace")}
    else:
        given = {"staff": name, **await _answered_challenge(session, address, name, proof)}
    async with answered(session, "POST", address.url(f"{_STAFF}/sessions"), json=given) as response:
        token = (await read_answer(response, SignedIn)).token
    desk = Desk(session, address, Secret(token.encode()), None if isinstance(proof, Secret) else proof)
    try:
        yield desk
    except ServerRefused as error:
        if error.status == _UNAUTHORISED:
            raise ServerRefused(error.status, error.code, "the session ended meanwhile; try again") from None
        raise
    finally:
        await desk.sign_out()


async def _answered_challenge(
    session: aiohttp.ClientSession, address: Address, name: str, identity: HybridIdentity
) -> dict[str, str]:
    """Return ticket and answer to the vault's question; raise `ServerRefused` for one not meant for us."""
    asked = {"staff": name}
    async with answered(session, "POST", address.url(f"{_STAFF}/challenges"), json=asked) as response:
        question = await read_answer(response, Challenge)
    try:
        answer = challenge.answer(question.sealed, identity)
    except KeysError:
        raise ServerRefused(403, "access_denied", "name or identity file are not right") from None
    return {"ticket": question.ticket, "answer": answer.reveal().decode()}


async def _lines(response: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
    """Yield lines of 16 MiB at most; a last one without its end was cut off."""
    rest = bytearray()
    async for piece in response.content.iter_any():
        rest += piece
        *lines, last = rest.split(b"\n") if b"\n" in piece else [rest]
        for line in lines:
            yield bytes(line)
        rest = bytearray(last)
        if len(rest) > _MOST_LINE_BYTES:
            raise not_understood()
    if rest:
        raise TryAgain("the answer ended early")
