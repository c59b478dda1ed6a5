"""Finish what rotations left: lock customers' identities and seal recordings to the keys of today.

It goes in batches, each a unit of work that notes how far it came, so that a crash costs one batch at most
and anybody who may goes on. Payloads stay as they are. The generation that was rotated away ends last of all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from vault.domain.event import Action, AuditEvent
from vault.domain.renewal import Renewal, RenewalStage
from vault.errors import LogCorrupt
from vault.ports.vault import Vault
from vault.sealing import identities
from vault.sealing.renewals import begin_anew, must_be_vouched, vouched
from vault.usecases.reconcile_slots import destroy_left_slots, reconcile_slots
from vault.usecases.renew_headers import renew_headers
from vault.usecases.renew_locks import renew_locks
from vault.usecases.rotate_keys import moved_by_others
from vault.usecases.unlock_staff import Custodian, reopened

Progress = Callable[[Renewal], None]


async def renew_seals(
    vault: Vault, custodian: Custodian, progress: Progress = lambda _renewal: None
) -> Sequence[Renewal]:
    """Finish every renewal, the oldest first, and return them; `progress` hears of each after every batch.

    A DPO's alone. Two who do this at once do no harm. Raise `AccessDenied`, or `LogCorrupt` for a recipient
    that was slipped in.
    """
    custodian.must_be_dpo()
    await reconcile_slots(vault)  # a crash may have come between a commit and its slots
    with suppress(LogCorrupt):  # those stay then, and the service's own turn at them says why
        await destroy_left_slots(vault)
    finished = []
    while (renewal := await _oldest(vault)) is not None:
        custodian = await reopened(vault, custodian)
        while renewal.stage is not RenewalStage.FINISHED:
            progress(renewal)
            renewal = await _step(vault, custodian, renewal)
        progress(renewal)
        finished.append(renewal)
    return finished


async def _oldest(vault: Vault) -> Renewal | None:
    async with vault.reading() as rows:
        oldest = next(iter(await rows.renewals.unfinished()), None)
    if oldest is None:
        return None
    if oldest.vouched is None:
        return await _begun_anew(vault, oldest)
    if must_be_vouched(vault, oldest).stage is RenewalStage.FINISHED:  # going on with it would never end
        raise LogCorrupt(f"renewal {oldest.number} is called finished in the database, but never ended")
    return oldest


async def _begun_anew(vault: Vault, renewal: Renewal) -> Renewal:
    async with vault.unit_of_work() as work:
        begun = await begin_anew(vault, work, renewal)
        await work.commit()
    return begun


async def _step(vault: Vault, custodian: Custodian, renewal: Renewal) -> Renewal:
    """Do one batch; return the renewal as it is then, whoever moved it."""
    if renewal.stage is RenewalStage.LOCKS:
        return await renew_locks(vault, custodian.identities, renewal)
    moved = await renew_headers(vault, custodian.identities, renewal)
    return moved or await _finish(vault, custodian, renewal)


async def _finish(vault: Vault, custodian: Custodian, renewal: Renewal) -> Renewal:
    """End the generation that was rotated away, on record."""
    now = vault.clock.now()
    finished = vouched(vault, renewal.finish(now))
    async with vault.unit_of_work() as work:
        if (other := await moved_by_others(vault, work, renewal)) is not None:
            return other
        old = await identities.generation(
            vault, work, renewal.owner, renewal.owner_id, renewal.generation - 1
        )
        slots = await identities.retire(vault, work, old, now)
        await work.renewals.save(finished)
        await work.log.append(AuditEvent(Action.KEYS_RENEWED, custodian.actor, facts=_facts(finished)))
        await work.commit()
    await vault.slots.destroy(slots)
    return finished


def _facts(renewal: Renewal) -> dict[str, str | int | bool]:
    facts: dict[str, str | int | bool] = {
        "owner": renewal.owner,
        "of": renewal.owner_id,
        "generation": renewal.generation,
        "locks": renewal.locks_done,
        "recordings": renewal.recordings_done,
        "unopened": renewal.unopened,
    }
    return facts | ({"customer": renewal.customer} if renewal.customer else {})
