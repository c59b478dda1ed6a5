"""Sign in by an identity file that stays with its owner, who answers a random question sealed to it.

Nothing is kept between question and answer: a ticket authenticates the answer, the person's identity as it is
then, and when it is too late. Who has no identity file is asked a question that nobody can answer.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from keys import challenge
from keys.age import HybridRecipient
from keys.errors import SlotDestroyed
from keys.secret import Secret
from vault.domain.event import Actor
from vault.domain.names import StaffName, name_or_nothing
from vault.domain.staff import LockedIdentity, Owner
from vault.errors import AccessDenied
from vault.ports.database import Repositories
from vault.ports.vault import Vault
from vault.sealing import identities
from vault.usecases.limit_guesses import admit_guess
from vault.usecases.sign_in import SignedIn
from vault.usecases.sign_in_staff import begin_session, person_or_decoy
from vault.usecases.unlock_staff import bucket_of, by_staff

LIFETIME = timedelta(minutes=2)
_TICKET = re.compile(r"(?P<until>\d{1,12})\.(?P<mark>[0-9a-f]{64})", re.ASCII)
_DENIED = "name or answer are not right"


@dataclass(frozen=True, slots=True)
class Challenge:
    """A question (`keys.challenge`), sealed. The ticket comes back with the answer until `expires_at`."""

    sealed: bytes
    ticket: str
    expires_at: datetime


async def challenge_staff(vault: Vault, name: str) -> Challenge:
    """Return a question for whoever this is; unknown names, and passphrases' owners, get one like others."""
    presented = StaffName(name_or_nothing(name))
    async with vault.reading() as rows:
        lock = await _file_owner_or_decoy(vault, rows, presented)
    sealed, answer = await asyncio.to_thread(challenge.pose, HybridRecipient.parse(lock.recipient))
    until = int((vault.clock.now() + LIFETIME).timestamp())
    mark = vault.keys.vouch(_statement(presented, lock, until, answer))
    return Challenge(sealed, f"{until}.{mark.hex()}", datetime.fromtimestamp(until, UTC))


async def answer_challenge(vault: Vault, name: str, *, ticket: str, answer: Secret, by: Actor) -> SignedIn:
    """Return a session that holds no identity, for the right answer in time.

    Raise `AccessDenied` alike for everything else; a wrong answer counts as a guess, in the bucket of wrong
    passphrases: `TooManyGuesses` when that is full. A right one is always let in: nobody guesses 256 bits.
    """
    presented = StaffName(name_or_nothing(name))
    async with vault.reading() as rows:
        member = await rows.staff.get(presented)
        lock = await _file_owner_or_decoy(vault, rows, presented)
    if member is None or lock.owner is not Owner.STAFF or not _holds(vault, presented, lock, ticket, answer):
        await admit_guess(vault, bucket_of(vault, member, presented, by))
        raise AccessDenied(_DENIED)
    return await begin_session(vault, member, lock, None, by=by_staff(member, by))


async def _file_owner_or_decoy(vault: Vault, rows: Repositories, name: StaffName) -> LockedIdentity:
    """Return the identity of a person who keeps theirs in a file, else the decoy, by as many look-ups."""
    decoy = await identities.current(vault, rows, Owner.CUSTOMER, identities.DECOY)
    lock = await person_or_decoy(vault, rows, name)
    try:
        kept_here = await identities.locked_bytes(vault, lock)
    except SlotDestroyed:  # the person left in this moment
        return decoy
    return decoy if kept_here else lock


def _holds(vault: Vault, name: StaffName, lock: LockedIdentity, ticket: str, answer: Secret) -> bool:
    """Say whether the ticket is of this answer, this person's identity as it is now, and not too old."""
    parts = _TICKET.fullmatch(ticket)
    if parts is None or vault.clock.now().timestamp() >= int(parts["until"]):
        return False
    statement = _statement(name, lock, int(parts["until"]), answer)
    return vault.keys.vouched(statement, bytes.fromhex(parts["mark"]))


def _statement(name: StaffName, lock: LockedIdentity, until: int, answer: Secret) -> bytes:
    """Return what a ticket authenticates. The parts before the answer hold no space of their own."""
    return f"staff challenge {name} until {until} ".encode() + lock.statement + b" " + answer.reveal()
