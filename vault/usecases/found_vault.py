"""Found a vault: the DPO office, the tech managers' group, the first DPO and the recovery identity."""

from __future__ import annotations

from dataclasses import dataclass

from keys.age import HybridIdentity, PasswordRecipient
from keys.passwords import issue_password
from keys.secret import Secret
from vault.domain.event import Action, Actor, AuditEvent
from vault.domain.names import StaffId, StaffName, new_id
from vault.domain.staff import Group, Owner, Role, StaffMember
from vault.ports.repositories import VaultRecord
from vault.ports.vault import Vault
from vault.sealing import identities
from vault.sealing.terms import terms_fact


@dataclass(frozen=True, slots=True)
class Founding:
    """What is shown once and kept nowhere: the first DPO's passphrase and the recovery identity."""

    passphrase: Secret
    recovery: Secret


async def found_vault(
    vault: Vault, wrapped_secret: bytes, dpo: StaffName, *, by: Actor, passphrase: Secret | None = None
) -> Founding:
    """Make the groups and the first DPO; return the passphrase and the recovery identity.

    `wrapped_secret` is the service secret under the root key, as it will be read at every start.
    """
    passphrase = passphrase or issue_password()
    person, office, tech, recovery, decoy = (HybridIdentity.generate() for _ in range(5))
    member = StaffMember(StaffId(new_id()), dpo, Role.DPO, vault.clock.now())
    to_office = [office.recipient]
    locked = [
        await identities.lock(person, [PasswordRecipient(passphrase)], owner=Owner.STAFF, owner_id=member.id),
        await identities.lock(
            office, [person.recipient, recovery.recipient], owner=Owner.GROUP, owner_id=Group.DPO_OFFICE
        ),
        await identities.lock(tech, to_office, owner=Owner.GROUP, owner_id=Group.TECH_MANAGERS),
        await identities.lock(
            decoy,
            [PasswordRecipient(issue_password()), *to_office],
            owner=Owner.CUSTOMER,
            owner_id=identities.DECOY,
        ),
    ]
    async with vault.unit_of_work() as work:
        now = member.added_at
        await work.vault.add(VaultRecord(vault.id, vault.keys.log_name, wrapped_secret, now))
        await work.staff.add(member)
        for new in locked:
            await identities.keep(vault, work, new, now)
        await identities.vouch_for_recovery(vault, work, recovery.recipient)
        await work.log.append(AuditEvent(Action.VAULT_CREATED, by, facts={"vault": vault.id}))
        await work.log.append(
            AuditEvent(
                Action.STAFF_ADDED,
                by,
                facts={"staff": member.id, "role": member.role, **terms_fact(vault.keys, member)},
                detail={"staff": dpo},
            )
        )
        await work.commit()
    return Founding(passphrase, recovery.encode())
