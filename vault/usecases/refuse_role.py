"""Put on record that somebody of the staff asked for what is not for their role."""

from __future__ import annotations

from vault.domain.event import Action, AuditEvent, Outcome
from vault.ports.vault import Vault
from vault.usecases.unlock_staff import Person


async def refuse_role(vault: Vault, person: Person, asked: str) -> None:
    """Log it durably, as a wrong role is logged at the vault's own machine; `asked` names the operation."""
    facts = {"staff": person.member.id, "why": "role", "asked": asked}
    async with vault.unit_of_work() as work:
        await work.log.append(
            AuditEvent(Action.PASSWORD_REFUSED, person.actor, outcome=Outcome.REFUSED, facts=facts)
        )
        await work.commit()
