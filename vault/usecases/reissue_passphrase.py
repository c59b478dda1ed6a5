"""Issue a person of the staff a new passphrase; the old one opens nothing from that moment."""

from __future__ import annotations

from keys.age import PasswordRecipient
from keys.passwords import issue_password
from keys.secret import Secret
from vault.domain.event import Action, AuditEvent
from vault.domain.staff import Owner
from vault.errors import Conflict
from vault.ports.vault import Vault
from vault.sealing import identities
from vault.usecases.end_session import end_sessions
from vault.usecases.unlock_staff import Custodian


async def reissue_passphrase(vault: Vault, custodian: Custodian) -> Secret:
    """Return the new passphrase of who proved the old one; it is kept nowhere."""
    passphrase, now, owner = issue_password(), vault.clock.now(), custodian.member.id
    async with vault.reading() as rows:
        generation = (await identities.current(vault, rows, Owner.STAFF, owner)).generation
    locked = await identities.lock(
        custodian.own,
        [PasswordRecipient(passphrase)],
        owner=Owner.STAFF,
        owner_id=owner,
        generation=generation,
    )
    async with vault.unit_of_work() as work:
        old = await identities.current(vault, work, Owner.STAFF, owner)  # reissued meanwhile, maybe
        if old.generation != generation:
            raise Conflict("the identity was replaced in the same moment; try again")
        await identities.keep_again(vault, work, locked, old, now)
        slots = await end_sessions(vault, work, await work.staff_sessions.of(owner), now)
        await work.log.append(AuditEvent(Action.PASSWORD_ISSUED, custodian.actor, facts={"staff": owner}))
        await work.commit()
    await vault.slots.destroy([*slots, *([] if old.slot is None else [old.slot])])
    return passphrase
