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
from vault.ports.vault import Vault
from vault.sealing import session as sealed_session
from vault.usecases.sign_in import by_customer


@dataclass(frozen=True, slots=True)
class Visitor:
    """A customer with a live session, and the token that alone opens its identity."""

    customer: Customer
    session: Session
    token: Secret
    actor: Actor

    async def identity(self, vault: Vault) -> HybridIdentity:
        """Open the customer's identity; raise `AccessDenied` once the session was ended."""
        try:
            slot = await vault.slots.read(self.session.slot)
            return sealed_session.open_identity(slot, self.token, self.session)
        except (SlotDestroyed, SlotMismatch):
            raise AccessDenied("sign in again") from None


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
    return Visitor(customer, session, secret, by_customer(customer, by))
