"""Recognise a customer by its session token."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from keys.age import HybridIdentity
from keys.errors import SlotDestroyed, SlotMismatch
from keys.secret import Secret
from vault.domain.access import Session
from vault.domain.customer import Customer
from vault.domain.event import Actor
from vault.errors import AccessDenied
from vault.ports.vault import Vault
from vault.sealing import session as sealed_session
from vault.usecases.sign_in import by_customer


@dataclass(frozen=True, slots=True)
class Visitor:
    """A customer with a live session, and its identity, which only the session's token opened."""

    customer: Customer
    session: Session
    identity: HybridIdentity
    actor: Actor


async def authenticate(vault: Vault, token: str, *, by: Actor) -> Visitor:
    """Return who holds the session token; raise `AccessDenied` for an unknown, ended or expired one."""
    secret = Secret(token.encode("utf-8", "surrogatepass"))  # what is no UTF-8 names no session
    async with vault.reading() as rows:
        session = await rows.sessions.get(sealed_session.session_id(secret))
        if session is None:
            raise AccessDenied("sign in again")
        session.must_be_live(vault.clock.now())
        customer = await rows.customers.by_id(session.customer)
    if customer is None:
        raise AccessDenied("sign in again")
    identity = await _identity(vault, session, secret)
    return Visitor(customer, session, identity, by_customer(customer, by))


async def _identity(vault: Vault, session: Session, token: Secret) -> HybridIdentity:
    """Open the identity: a row that somebody else wrote into the database is no session."""
    try:
        slot = await vault.slots.read(session.slot)
        return await asyncio.to_thread(sealed_session.open_identity, slot, token, session)
    except (SlotDestroyed, SlotMismatch):
        raise AccessDenied("sign in again") from None
