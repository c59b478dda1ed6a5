"""Seal a batch of recordings' headers to the recipients of today, each under a new slot; payloads stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from keys.age import HybridIdentity, HybridRecipient
from keys.errors import MalformedHeader, NoMatchingIdentity, SlotMismatch
from vault.domain.names import CustomerId
from vault.domain.recording import LIVING, Recording
from vault.domain.renewal import Renewal, concerns
from vault.errors import Collected
from vault.ports.database import UnitOfWork
from vault.ports.repositories import RecordingFilter
from vault.ports.vault import Vault
from vault.sealing import header
from vault.sealing.renewals import vouched
from vault.usecases.rotate_keys import moved_by_others

BATCH = 40
"""A unit of work with so many takes a tenth of a second or two: uploads wait no longer."""

_UNOPENED = (NoMatchingIdentity, MalformedHeader, SlotMismatch)

Recipients = Sequence[HybridRecipient]


@dataclass(frozen=True, slots=True)
class _Batch:
    """Recordings as they are read: how many were looked at, down to which place in the log.

    `concerned` are those to renew, with their headers; `to` says whom each customer's are sealed to.
    """

    epoch: int
    count: int
    below: int
    concerned: Sequence[tuple[Recording, bytes]]
    to: dict[CustomerId | None, Recipients]


@dataclass(frozen=True, slots=True)
class _Resealed:
    """A recording as it was read, and its header sealed anew."""

    recording: Recording
    header: bytes


async def renew_headers(vault: Vault, held: Sequence[HybridIdentity], renewal: Renewal) -> Renewal | None:
    """Return the renewal as it is after one batch, whoever moved it; None when no recording is left."""
    batch = await _read(vault, renewal)
    if not batch.count:
        return None
    resealed, unopened = await _reseal(vault, held, batch)
    moved = vouched(vault, renewal.sealed(batch.below, batch.count, unopened))
    async with vault.unit_of_work() as work:
        if (now := await moved_by_others(vault, work, renewal, batch.epoch)) is not None:
            return now
        slots = [slot for each in resealed for slot in await _keep(vault, work, each)]
        await work.slots.mark_destroyed(slots, vault.clock.now())
        await work.renewals.save(moved)
        await work.commit()
    await vault.slots.destroy(slots)
    return moved


async def _read(vault: Vault, renewal: Renewal) -> _Batch:
    which = RecordingFilter(customer=renewal.customer, states=LIVING)
    async with vault.reading() as rows:
        epoch = await rows.renewals.epoch()
        found = await rows.recordings.list(which, before=renewal.recordings_below, limit=BATCH)
        concerned = [each for each in found if concerns(renewal, each.customer)]
        headers = [(each, await rows.recordings.header(each.id) or b"") for each in concerned]
        customers = {each.customer for each in concerned}
        to = {customer: await header.recipients(vault, rows, customer) for customer in customers}
    return _Batch(epoch, len(found), found[-1].log_index if found else 0, headers, to)


async def _reseal(vault: Vault, held: Sequence[HybridIdentity], batch: _Batch) -> tuple[list[_Resealed], int]:
    """Return the headers sealed anew, and how many did not open; what was collected meanwhile is left out."""
    resealed, unopened = [], 0
    for recording, sealed in batch.concerned:
        try:
            file_key = await header.open_file_key(vault, recording, sealed, *held)
        except Collected:
            continue
        except _UNOPENED:
            unopened += 1
            continue
        resealed.append(_Resealed(recording, await header.seal(file_key, batch.to[recording.customer])))
    return resealed, unopened


async def _keep(vault: Vault, work: UnitOfWork, resealed: _Resealed) -> list[int]:
    """Replace a header, unless its recording was collected or the header replaced meanwhile.

    Return the slots that are to be destroyed then.
    """
    was = resealed.recording
    found = await work.recordings.get(was.id)
    if found is None or found.state not in LIVING or found.slot != was.slot:
        return []
    slot = await work.slots.claim("recording", vault.clock.now())
    sealed = header.put_under(await vault.slots.claimable(slot), resealed.header, found)
    await work.recordings.save(replace(found, slot=slot))
    await work.recordings.put_header(found.id, sealed)
    return [found.slot]
