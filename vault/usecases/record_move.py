"""Put on record that the vault moved to another database, once what arrived there is verified."""

from __future__ import annotations

from collections.abc import Callable

from vault.domain.event import Action, Actor, AuditEvent
from vault.ports.vault import Vault
from vault.usecases.verify_log import Verification, verify_log


async def record_move(
    vault: Vault, to: str, *, by: Actor, progress: Callable[[int, int], None] = lambda *_: None
) -> Verification:
    """Verify the log in the new database, and log the move if all of it holds; `to` is the kind of database.

    The entry is what shuts the old database out, and every copy of it: the head that is signed beside the
    slots is ahead of them from now on.
    """
    verification = await verify_log(vault, progress=progress)
    if not verification.findings:
        async with vault.unit_of_work() as work:
            await work.log.append(AuditEvent(Action.DATABASE_MOVED, by, facts={"to": to}))
            await work.commit()
    return verification
