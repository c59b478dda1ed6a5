"""Give a person who lost the passphrase, or the identity file, a new identity: nobody opens the old one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from keys.age import HybridIdentity, HybridRecipient
from keys.errors import NoMatchingIdentity
from keys.secret import Secret
from vault.domain.event import Action, Actor, AuditEvent, Outcome
from vault.domain.grant import GrantState
from vault.domain.names import StaffName
from vault.domain.staff import Group, Owner, StaffMember
from vault.errors import AccessDenied
from vault.ports.database import UnitOfWork
from vault.ports.grants import GrantFilter
from vault.ports.vault import Vault
from vault.sealing import groups, identities
from vault.usecases.add_staff import own_identity
from vault.usecases.end_grants import end_grants
from vault.usecases.end_session import end_sessions
from vault.usecases.remove_staff import find_member
from vault.usecases.unlock_staff import Custodian


@dataclass(frozen=True, slots=True)
class Rescuer:
    """Who may recover others: `office` are the identities of the DPO office, opened by `means`."""

    actor: Actor
    office: tuple[HybridIdentity, ...]
    means: str


def another_dpo(custodian: Custodian) -> Rescuer:
    """Return a DPO as a rescuer; raise `AccessDenied` for everybody else."""
    custodian.must_be_dpo()
    return Rescuer(custodian.actor, custodian.identities, "dpo")


async def by_recovery(vault: Vault, recovery: HybridIdentity, *, by: Actor) -> Rescuer:
    """Return whoever holds the recovery identity as a rescuer; raise `AccessDenied`, on the log too."""
    async with vault.reading() as rows:
        locks = await groups.living(vault, rows, Group.DPO_OFFICE)
    try:
        office = [await identities.unlock(vault, lock, [recovery]) for lock in locks]
    except NoMatchingIdentity:
        facts = {"staff": "recovery", "why": "identity"}
        async with vault.unit_of_work() as work:
            await work.log.append(
                AuditEvent(Action.PASSWORD_REFUSED, by, outcome=Outcome.REFUSED, facts=facts)
            )
            await work.commit()
        raise AccessDenied("that is not this vault's recovery identity") from None
    return Rescuer(by, tuple(office), "recovery")


async def recover_staff(
    vault: Vault, rescuer: Rescuer, name: StaffName, *, recipient: HybridRecipient | None = None
) -> tuple[StaffMember, Secret | None]:
    """Return the person and the new passphrase, which is kept nowhere; the old identity opens nothing more.

    With a `recipient`, the person keeps the identity file that opens for it. Grants to the person end. Raise
    `NotFound`, `Closed` for who has left, or `Conflict` when the group changed in the same moment.
    """
    async with vault.reading() as rows:
        member = await find_member(rows, name)
        member.must_be_here()
        old = await identities.current(vault, rows, Owner.STAFF, member.id)
    own, passphrase = await own_identity(member.id, recipient, generation=old.generation + 1)
    relocked = await _relocked(vault, rescuer, member, own.recipient)
    now = vault.clock.now()
    facts: dict[str, str | int | bool] = {"staff": member.id, "by": rescuer.means}
    facts |= {"owner": Owner.STAFF, "of": member.id, "generation": own.generation}
    async with vault.unit_of_work() as work:
        (await find_member(work, name)).must_be_here()
        found = await identities.generation(vault, work, Owner.STAFF, member.id, old.generation)
        slots = await identities.retire(vault, work, found, now)
        await identities.keep(vault, work, own, now)
        slots += await groups.keep_relocked(vault, work, relocked, now)
        slots += await end_sessions(vault, work, await work.staff_sessions.of(member.id), now)
        slots += await _end_grants(vault, work, member, now, rescuer)
        await work.log.append(
            AuditEvent(
                Action.STAFF_RECOVERED,
                rescuer.actor,
                facts=facts,
                detail={"staff": name},
            )
        )
        if passphrase is not None:
            await work.log.append(
                AuditEvent(Action.PASSWORD_ISSUED, rescuer.actor, facts={"staff": member.id})
            )
        await work.commit()
    await vault.slots.destroy(slots)
    return member, passphrase


async def _end_grants(
    vault: Vault, work: UnitOfWork, member: StaffMember, now: datetime, rescuer: Rescuer
) -> list[int]:
    """End the person's grants: they are sealed to the identity that is lost."""
    lost = await work.grants.list(GrantFilter(manager=member.id, unended=True))
    return await end_grants(vault, work, lost, GrantState.REVOKED, now, by=rescuer.actor)


async def _relocked(
    vault: Vault, rescuer: Rescuer, member: StaffMember, new: HybridRecipient
) -> list[groups.Relocked]:
    """Lock the identities of the person's group to the others and to the person's new recipient."""
    if member.group is None:
        return []
    async with vault.reading() as rows:
        opened = await groups.open_living(vault, rows, member.group, rescuer.office)
        others = await groups.people(vault, rows, member.group, without=member.id)
        above = await groups.above(vault, rows, member.group)
    return await groups.relock(opened, [*others, new, above])
