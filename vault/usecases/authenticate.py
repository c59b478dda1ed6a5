"""Recognise a customer by its session token."""

from __future__ import annotations

from dataclasses import dataclass

from keys.age import HybridIdentity
from keys.errors import SlotDestroyed, SlotMismatch
from keys.secret import Secret
from vault.domain.access import Session
from vault.domain.customer import Customer
from vault.domain.event import Actor
from vault.errors import AccessDenied
from vault.ports.database import Repositories
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

    async def _find(rows: Repositories) -> Visitor:
        session = await rows.sessions.get(sealed_session.session_id(secret))
        if session is None:
            raise AccessDenied("sign in again")
        session.must_be_live(vault.clock.now())
        customer = await rows.customers.by_id(session.customer)
        if customer is None:
            raise AccessDenied("sign in again")
        identity = sealed_session.open_identity(await vault.slots.read(session.slot), secret, session)
        return Visitor(customer, session, identity, by_customer(customer, by))

    try:
        return await vault.read(_find)
    except (SlotDestroyed, SlotMismatch):  # a row that somebody else wrote into the database is no session
        raise AccessDenied("sign in again") from None
