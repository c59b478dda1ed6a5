"""A recording's header: to whom its file key is sealed, and how it lies under the recording's slot."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from keys.age import FileKey, HybridRecipient, Identity, Recipient, open_header, seal_header
from keys.errors import SlotDestroyed
from keys.secret import Secret
from keys.slots.sealing import open_under, seal_under
from vault.domain.names import CustomerId
from vault.domain.recording import Recording
from vault.domain.staff import Group, Owner
from vault.errors import Collected
from vault.ports.database import Repositories
from vault.ports.vault import Vault
from vault.sealing import identities


async def recipients(
    vault: Vault, rows: Repositories, customer: CustomerId | None
) -> Sequence[HybridRecipient]:
    """Return who may open: the DPO office; processor-side, the customer and the tech managers besides."""
    if customer is None:
        return await identities.group_recipients(vault, rows, Group.DPO_OFFICE)
    return [
        await identities.recipient(vault, rows, Owner.CUSTOMER, customer),
        *await identities.group_recipients(vault, rows, Group.DPO_OFFICE, Group.TECH_MANAGERS),
    ]


async def seal(file_key: FileKey, to: Sequence[Recipient]) -> bytes:
    """Return the age header, on a worker thread: each recipient costs an ML-KEM encapsulation."""
    return await asyncio.to_thread(seal_header, file_key, to)


def put_under(slot: Secret, header: bytes, recording: Recording) -> bytes:
    """Return the header under its slot, bound to the recording's id, size and digest."""
    return seal_under(slot, header, bound_to=recording.binding)


async def open_file_key(vault: Vault, recording: Recording, sealed: bytes, *held: Identity) -> FileKey:
    """Return the file key; raise `Collected` for a destroyed slot, `NoMatchingIdentity` for strangers."""
    try:
        slot = await vault.slots.read(recording.slot)
    except SlotDestroyed:
        raise Collected("the recording's key is destroyed") from None
    return await asyncio.to_thread(_open, slot, recording, sealed, held)


def _open(slot: Secret, recording: Recording, sealed: bytes, held: Sequence[Identity]) -> FileKey:
    return open_header(open_under(slot, sealed, bound_to=recording.binding), held)
