"""Zero again what the database knows as destroyed, but nothing that may live.

A row that calls a slot destroyed is not believed where the slot lives. Most often the signed log tells of its
end. What it does not tell of (sessions, old locks, headers that were sealed anew) is destroyed only while
everything in the database agrees with the log: then nothing living is hidden in a changed row. To find that
out takes minutes where there are a million recordings, so no door waits for it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from vault.domain.event import Action, Outcome
from vault.errors import LogCorrupt
from vault.ports.database import Repositories
from vault.ports.vault import Vault
from vault.sealing.signed_log import signed_entries_at
from vault.usecases.verify_log import agreeing


async def reconcile_slots(vault: Vault) -> int:
    """Bring the slots to what the signed log knows as destroyed; return how many were repaired.

    What ends a recording or an identity says so in its row and its slot's at once. So raise `LogCorrupt`,
    with nothing destroyed, where a slot is called destroyed under a row that lives, and lives itself: who
    writes to the database would have the service destroy it.
    """
    async with vault.reading() as rows:  # one snapshot: what is destroyed is what was looked at
        await _must_need_none(vault, rows)
        return await vault.slots.reconcile(_told_by_the_log(vault, rows))


async def destroy_left_slots(vault: Vault) -> int:
    """Destroy what the database alone knows as destroyed, and lives; return how many there were.

    Raise `LogCorrupt`, with nothing destroyed, while anything in the database contradicts the log.
    """
    async with vault.reading() as rows:
        if not [number async for batch in _left(vault, rows) for number in batch]:
            return 0
    async with agreeing(vault) as rows:
        left = [number async for batch in _left(vault, rows) for number in batch]
    await vault.slots.destroy(left)
    return len(left)


async def _left(vault: Vault, rows: Repositories) -> AsyncIterator[Sequence[int]]:
    """Yield what lives and is called destroyed."""
    async for batch in rows.slots.destroyed():
        if alive := await vault.slots.survivors(batch):
            yield alive


async def _told_by_the_log(vault: Vault, rows: Repositories) -> AsyncIterator[Sequence[int]]:
    """Yield what lives and is known as destroyed by the signed log."""
    async for alive in _left(vault, rows):
        if told := await _shredded(vault, rows, alive):
            yield sorted(told)


async def _shredded(vault: Vault, rows: Repositories, slots: Sequence[int]) -> set[int]:
    """Return those that signed entries say were destroyed with a recording; a row only says which entry."""
    named = await rows.recording_parts.in_slots(slots)
    indexes = [each.shred_log_index for each in named if each.shred_log_index is not None]
    entries = (await signed_entries_at(vault, indexes)).values()
    told = [each.facts.get("slot") for each in entries if _is_end(each.action, each.outcome)]
    return {number for number in slots if number in told}


def _is_end(action: str, outcome: str) -> bool:
    return (action, outcome) == (Action.RECORDING_SHREDDED, Outcome.DONE)


async def _must_need_none(vault: Vault, rows: Repositories) -> None:
    async for batch in rows.slots.destroyed_in_use():
        if alive := await vault.slots.survivors(batch):
            raise LogCorrupt(
                f"the database calls slot {alive[0]} destroyed, under which something lives: "
                "it was changed by hand. Nothing was destroyed"
            )
