"""List the staff; on the log before it returns."""

from __future__ import annotations

from collections.abc import Sequence

from vault.domain.event import Action, Actor
from vault.domain.staff import StaffMember
from vault.ports.vault import Vault
from vault.usecases.record_reading import record_reading


async def list_staff(vault: Vault, *, by: Actor) -> Sequence[StaffMember]:
    """Return everybody, those who left too, by name."""
    async with vault.reading() as rows:
        people = await rows.staff.all()
    await record_reading(vault, Action.STAFF_LISTED, by, count=len(people))
    return people
