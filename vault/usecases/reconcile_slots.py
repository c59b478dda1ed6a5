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
from vault.ports.slots import Reconciled
from vault.ports.vault import Vault
from vault.sealing.signed_log import signed_entries_at
from vault.usecases.verify_log import agreeing


async def reconcile_slots(vault: Vault) -> Reconciled:
    """Bring the slots to what the signed log knows as destroyed.

    What ends a recording or an identity says so in its row and its slot's at once. So raise `LogCorrupt`,
    with nothing destroyed, where a slot is called destroyed under a row that lives, and lives itself: who
    writes to the database would have the service destroy it.
    """
    async with vault.reading() as rows:  # one snapshot: what is destroyed is what was looked at
        return await vault.slots.reconcile(_told_by_the_log(vault, rows))


async def destroy_left_slots(vault: Vault) -> int:
    """Destroy what the database alone knows as destroyed, and lives; return how many there were.

    Raise `LogCorrupt`, with nothing destroyed, while anything in the database contradicts the log. Raise it
    too, that being done, for what the signed log knows as destroyed: see `returned_slots`.
    """
    if returned := await returned_slots(vault):
        await vault.slots.destroy(returned)
        raise LogCorrupt(
            f"slot {returned[0]}, one of {len(returned)}, lived although the signed log says that it was "
            "destroyed; now it is. Was a copy of the slots put back, or does another machine serve this "
            "vault with slots of its own?"
        )
    async with vault.reading() as rows:
        if not [number async for batch in _left(vault, rows) for number in batch]:
            return 0
    async with agreeing(vault) as rows:
        left = [number async for batch in _left(vault, rows) for number in batch]
    await vault.slots.destroy(left)
    return len(left)


async def returned_slots(vault: Vault) -> list[int]:
    """Return what lives and was destroyed with a recording, by the signed log, which says so only afterwards.

    After the start has brought the slots up to date there is none, unless somebody put older slots back, or
    they are not those that the recording was destroyed with.
    """
    async with vault.reading() as rows:
        return [number async for told in _told_by_the_log(vault, rows) for number in told]


async def _left(vault: Vault, rows: Repositories) -> AsyncIterator[Sequence[int]]:
    """Yield what lives and is called destroyed."""
    async for batch in rows.slots.destroyed():
        if alive := await vault.slots.survivors(batch):
            yield alive


async def _told_by_the_log(vault: Vault, rows: Repositories) -> AsyncIterator[Sequence[int]]:
    """Yield what lives and is known as destroyed by the signed log; before that, look for what is needed.

    What is left over is next to nothing, however much was destroyed and however much lives: only that is
    looked up among what lives.
    """
    left = [alive async for alive in _left(vault, rows)]
    for alive in left:
        await _must_need_none(rows, alive)
    for alive in left:
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


async def _must_need_none(rows: Repositories, alive: Sequence[int]) -> None:
    if needed := await rows.slots.in_use(alive):
        raise LogCorrupt(
            f"the database calls slot {needed[0]} destroyed, under which something lives: "
            "it was changed by hand. Nothing was destroyed"
        )
