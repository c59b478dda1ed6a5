"""Recognise a person of the staff by a session's token."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from keys.age import HybridIdentity
from keys.errors import NoMatchingIdentity, SlotDestroyed, SlotMismatch
from keys.secret import Secret
from vault.domain.event import Actor
from vault.domain.staff import Group, Owner
from vault.domain.staff_session import StaffSession
from vault.errors import AccessDenied, KeyElsewhere
from vault.ports.vault import Vault
from vault.sealing import groups, identities
from vault.sealing import staff_session as sealed_session
from vault.sealing.signed_log import must_have_role_on_record
from vault.usecases.unlock_staff import Custodian, Person, by_staff


@dataclass(frozen=True, slots=True)
class StaffVisitor:
    """A person with a live session: a `Custodian` if the session holds their identity."""

    session: StaffSession
    person: Person

    @property
    def custodian(self) -> Custodian:
        """The person with their keys at hand; raise `KeyElsewhere` where they are in an identity file."""
        if not isinstance(self.person, Custodian):
            raise KeyElsewhere("this needs your key here, and yours stays in your identity file")
        return self.person


async def authenticate_staff(vault: Vault, token: str, *, by: Actor) -> StaffVisitor:
    """Return who holds the token.

    Raise `AccessDenied` for an unknown, ended or expired session, and for a person who left or whose
    passphrase or identity is another since; `LogCorrupt` for a role that the log does not say.
    """
    secret = Secret(token.encode("utf-8", "surrogatepass"))  # what is no UTF-8 names no session
    try:
        async with vault.reading() as rows:
            session = await rows.staff_sessions.get(sealed_session.session_id(secret))
            member = await rows.staff.by_id(session.staff) if session else None
            if session is None or member is None or member.removed_at is not None:
                raise AccessDenied("sign in again")
            lock = await identities.current(vault, rows, Owner.STAFF, member.id)
        session.must_be_live(vault.clock.now(), lock.slot)
        slot = await vault.slots.read(session.slot)
        own = await asyncio.to_thread(sealed_session.open_identity, slot, secret, session)
        actor = by_staff(member, by)
        if own is None:  # no key has proven the role: who writes to the database could have raised it
            await must_have_role_on_record(vault, member)
            return StaffVisitor(session, Person(member, actor))
        held = await _group_identities(vault, member.group, own)
        return StaffVisitor(session, Custodian(member, actor, own, held))
    except (SlotDestroyed, SlotMismatch, NoMatchingIdentity):
        raise AccessDenied("sign in again") from None


async def _group_identities(
    vault: Vault, group: Group | None, own: HybridIdentity
) -> tuple[HybridIdentity, ...]:
    """Unlock the group's identities as they are now: after a rotation they are others."""
    if group is None:
        return ()
    async with vault.reading() as rows:
        locks = await groups.living(vault, rows, group)
    return tuple([await identities.unlock(vault, lock, [own]) for lock in locks])
