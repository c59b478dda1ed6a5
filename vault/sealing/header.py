"""A recording's header: to whom its file key is sealed, and how it lies under the recording's slot."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from keys.age import FileKey, HybridRecipient, Identity, Recipient, open_header, seal_header
from keys.errors import SlotDestroyed
from keys.secret import Secret
from keys.slots.sealing import open_under, seal_under
from vault.domain.names import CustomerId
from vault.domain.recording import LIVING, Recording
from vault.domain.staff import Group, Owner
from vault.errors import Collected
from vault.ports.database import Repositories
from vault.ports.vault import Vault
from vault.sealing import identities


@dataclass(frozen=True, slots=True)
class Owners:
    """Who may open now, and the epoch of keys in which that holds.

    Whoever keeps a header compares the epoch in the unit of work: keys may be rotated at any moment.
    """

    recipients: Sequence[HybridRecipient]
    epoch: int


async def owners(vault: Vault, customer: CustomerId | None) -> Owners:
    """Return to whom a recording of that customer, or of the company's own, is sealed now."""

    async def _look(rows: Repositories) -> tuple[int, identities.Found]:
        return await rows.renewals.epoch(), await identities.find(vault, rows, *_who_may_open(customer))

    epoch, found = await vault.read(_look)
    return Owners(await identities.living_recipients(vault, found), epoch)


async def recipients(
    vault: Vault, rows: Repositories, customer: CustomerId | None
) -> Sequence[HybridRecipient]:
    """Return who may open, as `owners` does."""
    return await identities.recipients(vault, rows, *_who_may_open(customer))


def _who_may_open(customer: CustomerId | None) -> Sequence[tuple[Owner, str]]:
    """Name the DPO office; processor-side, the customer and the tech managers besides."""
    office, tech = (Owner.GROUP, Group.DPO_OFFICE), (Owner.GROUP, Group.TECH_MANAGERS)
    return (office,) if customer is None else ((Owner.CUSTOMER, customer), office, tech)


async def seal(file_key: FileKey, to: Sequence[Recipient]) -> bytes:
    """Return the age header, on a worker thread: each recipient costs an ML-KEM encapsulation."""
    return await asyncio.to_thread(seal_header, file_key, to)


def put_under(slot: Secret, header: bytes, recording: Recording) -> bytes:
    """Return the header under its slot, bound to the recording's id, size and digest."""
    return seal_under(slot, header, bound_to=recording.binding)


async def take_out(vault: Vault, recording: Recording, sealed: bytes) -> bytes:
    """Return the age header from under its slot; raise `Collected` for a destroyed one.

    A header that was sealed anew since it was read, under another slot, is read again.
    """
    try:
        slot = await vault.slots.read(recording.slot)
    except SlotDestroyed:
        return await take_out(vault, *await _read_again(vault, recording))
    return open_under(slot, sealed, bound_to=recording.binding)


async def open_file_key(vault: Vault, recording: Recording, sealed: bytes, *held: Identity) -> FileKey:
    """Return the file key; raise what `take_out` raises, `NoMatchingIdentity` for strangers."""
    header = await take_out(vault, recording, sealed)
    return await asyncio.to_thread(open_header, header, held)


async def open_where_it_lies(
    vault: Vault, recording: Recording, sealed: bytes, *held: Identity
) -> FileKey | None:
    """Return the file key, for `Vault.read`: all of it on the database's thread; None for a destroyed slot.

    Raise `NoMatchingIdentity`, `SlotMismatch`.
    """
    living = await vault.slots.read_many([recording.slot])
    slot = living.get(recording.slot)
    return None if slot is None else open_under_slot(slot, recording, sealed, held)


def open_under_slot(slot: Secret, recording: Recording, sealed: bytes, held: Sequence[Identity]) -> FileKey:
    """Return the file key; blocks while identities are tried."""
    return open_header(open_under(slot, sealed, bound_to=recording.binding), held)


async def _read_again(vault: Vault, recording: Recording) -> tuple[Recording, bytes]:
    """Return a recording with its header as they are by now; raise `Collected` if they have not changed."""
    async with vault.reading() as rows:
        now = await rows.recordings.get(recording.id)
        sealed = await rows.recordings.header(recording.id)
    if now is None or sealed is None or now.slot == recording.slot or now.state not in LIVING:
        raise Collected("the recording's key is destroyed")
    return now, sealed
