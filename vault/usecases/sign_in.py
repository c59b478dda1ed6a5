"""Sign a customer in: a link or its name says who, the retrieval password opens its identity.

The guess limit is asked before Argon2 is paid for. An unknown name is checked against a decoy, so that
it costs and answers like a known one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from keys.age import HybridIdentity
from keys.errors import NoMatchingIdentity, SlotDestroyed
from keys.passwords import issue_token, normalise
from keys.secret import Secret
from vault.domain.access import Link, Session
from vault.domain.customer import Customer
from vault.domain.event import Action, Actor, AuditEvent, Outcome
from vault.domain.guesses import network_of
from vault.domain.names import CustomerId, CustomerName, name_or_nothing, token_id
from vault.domain.staff import LockedIdentity, Owner
from vault.errors import AccessDenied, Overloaded
from vault.ports.database import Repositories, UnitOfWork
from vault.ports.vault import Vault
from vault.sealing import identities
from vault.sealing import session as sealed_session
from vault.usecases.limit_guesses import admit_guess, forgive_guess, forgive_within, turn_away

_TOKEN_BYTES = 32
_NAME_BUCKETS = 1024
"""Presented names from unknown networks share this many buckets, picked by a keyed hash of the name: what
guesses can cost and leave behind stays bounded however many names are made up."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session's token, shown once, and when it ends."""

    token: Secret
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Presented:
    """Who somebody says they are, and the bucket their tries count in."""

    customer: Customer | None
    link: Link | None
    network: str
    bucket: str
    trusted: bool


async def sign_in(
    vault: Vault, *, link: str | None = None, customer: str | None = None, password: str, by: Actor
) -> SignedIn:
    """Return a session for the right pair; raise `AccessDenied` alike for every wrong one.

    Raise `TooManyGuesses` when the bucket is full. `by` is the nameless actor with its address.
    """
    presented = vault.keys.blind("presented", f"{link} {customer} {network_of(by.address or '')}")
    turn_away(vault, presented)

    async def _look(rows: Repositories) -> tuple[_Presented, LockedIdentity]:
        who = await _presented(vault, rows, link, customer, network_of(by.address or ""))
        owner = who.customer.id if who.customer else identities.DECOY
        return who, await identities.current(vault, rows, Owner.CUSTOMER, owner)

    who, kept = await vault.read(_look)
    await admit_guess(vault, who.bucket, presented)
    try:
        locked = await identities.locked_bytes(vault, kept)
        identity = await vault.passwords.unlock(locked, normalise(password), trusted=who.trusted)
    except Overloaded:
        await forgive_guess(vault, who.bucket)
        raise
    except (NoMatchingIdentity, SlotDestroyed):  # destroyed: a new password was issued since the snapshot
        identity = None
    if identity is None or who.customer is None:
        await _record_refusal(vault, who, by)
        raise AccessDenied("access denied")
    return await _begin(vault, who, who.customer, (kept, identity), by)


async def _presented(
    vault: Vault, rows: Repositories, link: str | None, name: str | None, network: str
) -> _Presented:
    blinded = vault.keys.blind("network", network)
    if link is not None:
        found = await rows.links.by_token(token_id(link))
        if found is None or not found.live(vault.clock.now()):
            raise AccessDenied("access denied")  # 128 random bits: nothing to guess, nothing to pay for
        owner = await rows.customers.by_id(found.customer)
        return _Presented(owner, found, blinded, f"link {found.id}", trusted=True)
    presented = CustomerName(name_or_nothing(name or ""))
    owner = await rows.customers.get(presented)
    known = await rows.guesses.knows_network(owner.id if owner else CustomerId(identities.DECOY), blinded)
    if owner is not None and known:
        return _Presented(owner, None, blinded, f"network {owner.id} {blinded}", trusted=True)
    number = int(vault.keys.blind("name bucket", presented), 16) % _NAME_BUCKETS
    return _Presented(owner, None, blinded, f"name {number}", trusted=False)


async def _record_refusal(vault: Vault, who: _Presented, by: Actor) -> None:
    """Log a wrong password where a real customer stands behind the bucket; the rest enters the summaries."""
    if not who.trusted or who.customer is None:
        return
    facts = {"customer": who.customer.id}
    refused = AuditEvent(Action.PASSWORD_REFUSED, by, outcome=Outcome.REFUSED, facts=facts)
    await vault.change(lambda work: work.log.append(refused))


async def _begin(
    vault: Vault,
    who: _Presented,
    customer: Customer,
    unlocked: tuple[LockedIdentity, HybridIdentity],
    by: Actor,
) -> SignedIn:
    """Keep the identity under a slot and the token's key; remember the network; forgive the try.

    Raise `AccessDenied` if meanwhile a new password was issued or the link was revoked.
    """
    token, now = issue_token(_TOKEN_BYTES), vault.clock.now()
    kept, identity = unlocked
    async with vault.unit_of_work() as work:
        if (await identities.current(vault, work, Owner.CUSTOMER, customer.id)).slot != kept.slot:
            raise AccessDenied("access denied")
        await _link_must_live(work, who.link, now)
        number = await work.slots.claim("session", now)
        slot = await vault.slots.claimable(number)
        session = Session(
            id=sealed_session.session_id(token),
            customer=customer.id,
            slot=number,
            sealed=b"",
            recordings=who.link.recordings if who.link else (),
            created_at=now,
            expires_at=now + vault.policy.session_lifetime,
            link=who.link.id if who.link else None,
        )
        await work.sessions.add(sealed_session.seal(slot, token, identity, session))
        await forgive_within(work, who.bucket, now)
        await work.guesses.remember_network(customer.id, who.network, now)
        await work.log.append(
            AuditEvent(Action.PASSWORD_ACCEPTED, by_customer(customer, by), facts={"customer": customer.id})
        )
        await work.commit()
    return SignedIn(token, session.expires_at)


async def _link_must_live(work: UnitOfWork, link: Link | None, now: datetime) -> None:
    """Raise `AccessDenied` for a link that was revoked, or ended, since it was looked up."""
    found = await work.links.get(link.id) if link is not None else None
    if link is not None and (found is None or not found.live(now)):
        raise AccessDenied("access denied")


def by_customer(customer: Customer, by: Actor) -> Actor:
    """Return the actor once it is known which customer it is."""
    return Actor(id=f"customer:{customer.id}", name=customer.name, channel=by.channel, address=by.address)
