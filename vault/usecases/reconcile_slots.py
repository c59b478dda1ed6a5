"""Zero again what the database knows as destroyed, but nothing that a living row still needs."""

from __future__ import annotations

from collections.abc import AsyncIterator

from vault.errors import LogCorrupt
from vault.ports.database import Repositories
from vault.ports.vault import Vault

_BATCH = 1000


async def reconcile_slots(vault: Vault) -> int:
    """Bring the slots to what the database knows as destroyed; return how many were repaired.

    What ends a recording or an identity says so in its row and its slot's at once. So raise `LogCorrupt`,
    with nothing destroyed, where a slot is called destroyed under a row that lives, and lives itself: who
    writes to the database would have the service destroy it.
    """
    async with vault.reading() as rows:  # one snapshot: what is destroyed is what was looked at
        await _must_need_none(vault, rows)
        return await vault.slots.reconcile(rows.slots.destroyed())


async def _must_need_none(vault: Vault, rows: Repositories) -> None:
    async for batch in _batches(rows.slots.destroyed_in_use()):
        if alive := sorted(await vault.slots.read_many(batch)):
            raise LogCorrupt(
                f"the database calls slot {alive[0]} destroyed, under which a recording or identity lives: "
                "it was changed by hand. Nothing was destroyed"
            )


async def _batches(numbers: AsyncIterator[int]) -> AsyncIterator[list[int]]:
    batch: list[int] = []
    async for number in numbers:
        batch.append(number)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
