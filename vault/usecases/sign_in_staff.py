"""Sign a person of the staff in from a machine of their own, by the passphrase.

The passphrase is checked here, as at the vault's own machine and under the same guess limit. The session
keeps the person's identity; the group's is unlocked by it each time, as it is then.
"""

from __future__ import annotations

from keys.age import HybridIdentity
from keys.passwords import issue_token
from keys.secret import Secret
from vault.domain.event import Action, Actor, AuditEvent
from vault.domain.names import StaffName, name_or_nothing
from vault.domain.staff import LockedIdentity, Owner, StaffMember
from vault.domain.staff_session import ProofKind, StaffSession
from vault.errors import AccessDenied
from vault.ports.database import Repositories
from vault.ports.vault import Vault
from vault.sealing import identities
from vault.sealing import staff_session as sealed_session
from vault.usecases.limit_guesses import turn_away
from vault.usecases.sign_in import SignedIn
from vault.usecases.unlock_staff import presentation, unlock_staff

_TOKEN_BYTES = 32


async def sign_in_staff(vault: Vault, name: str, passphrase: Secret, *, by: Actor) -> SignedIn:
    """Return a session for the right pair; raise `AccessDenied` alike for every wrong one.

    Raise `TooManyGuesses` when the bucket is full. The passphrase is normalised (`keys.passwords.normalise`).
    """
    presented = StaffName(name_or_nothing(name))
    turn_away(vault, presentation(vault, presented, by))
    async with vault.reading() as rows:
        lock = await person_or_decoy(vault, rows, presented)
    custodian = await unlock_staff(vault, presented, passphrase, by=by)
    return await begin_session(vault, custodian.member, lock, custodian.own, by=custodian.actor)


async def person_or_decoy(vault: Vault, rows: Repositories, name: StaffName) -> LockedIdentity:
    """Return the identity of the person who is there under that name, else the decoy: both cost the same."""
    member = await rows.staff.get(name)
    if member is not None and member.removed_at is None:
        return await identities.current(vault, rows, Owner.STAFF, member.id)
    return await identities.current(vault, rows, Owner.CUSTOMER, identities.DECOY)


async def begin_session(
    vault: Vault, member: StaffMember, lock: LockedIdentity, own: HybridIdentity | None, *, by: Actor
) -> SignedIn:
    """Keep the identity, if it is here, under a slot and the token's key.

    Raise `AccessDenied` if since `lock` was read the person left, or got a new passphrase or identity.
    """
    token, now = issue_token(_TOKEN_BYTES), vault.clock.now()
    proof = ProofKind.IDENTITY if own is None else ProofKind.PASSPHRASE
    async with vault.unit_of_work() as work:
        current = await identities.current(vault, work, Owner.STAFF, member.id)
        if current.slot is None or current.slot != lock.slot:
            raise AccessDenied("name or passphrase are not right")
        number = await work.slots.claim("staff session", now)
        slot = await vault.slots.claimable(number)
        session = StaffSession(
            id=sealed_session.session_id(token),
            staff=member.id,
            proof=proof,
            lock=current.slot,
            slot=number,
            sealed=b"",
            created_at=now,
            expires_at=now + vault.policy.session_lifetime,
        )
        await work.staff_sessions.add(sealed_session.seal(slot, token, own, session))
        facts = {"staff": member.id, "proof": proof.value}
        await work.log.append(AuditEvent(Action.PASSWORD_ACCEPTED, by, facts=facts))
        await work.commit()
    return SignedIn(token, session.expires_at)
