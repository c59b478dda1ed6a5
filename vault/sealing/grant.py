"""A grant's header: the file key under the grant's password, inside a layer for its person, under a slot.

Whoever has database, slots and password lacks the person's identity; the person lacks the password. A grant
that waits for approval lies in one more layer, for every DPO but the one who issued it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from keys.age import FileKey, HybridIdentity, PasswordRecipient, Recipient, open_file, seal_file, seal_header
from keys.errors import SlotDestroyed
from keys.secret import Secret
from keys.slots.sealing import open_under, seal_under
from vault.domain.grant import Grant
from vault.domain.recording import Recording
from vault.errors import AccessDenied
from vault.ports.database import UnitOfWork
from vault.ports.vault import Vault


async def seal(
    file_key: FileKey, password: Secret, person: Recipient, approvers: Sequence[Recipient] = ()
) -> bytes:
    """Return the layers, on a worker thread: Argon2id for the password, an encapsulation for each recipient.

    With `approvers`, one of them must take the outermost layer off first.
    """
    return await asyncio.to_thread(_seal, file_key, password, person, approvers)


async def unwrap(layer: bytes, identity: HybridIdentity) -> bytes:
    """Return what is inside the outermost layer; raise `NoMatchingIdentity` for somebody else's."""
    return await asyncio.to_thread(open_file, layer, [identity])


async def put_under_slot(
    vault: Vault, work: UnitOfWork, grant: Grant, recording: Recording, layers: bytes
) -> Grant:
    """Return the grant with its layers under a fresh slot, bound to all that it allows."""
    number = await work.slots.claim("grant", vault.clock.now())
    slot = await vault.slots.claimable(number)
    return replace(grant, slot=number, sealed=seal_under(slot, layers, bound_to=grant.binding(recording)))


async def layers_of(vault: Vault, grant: Grant, recording: Recording) -> bytes:
    """Return the layers from under the slot.

    Raise `AccessDenied` for a slot that was destroyed, `SlotMismatch` for a row that somebody changed.
    """
    try:
        slot = await vault.slots.read(grant.slot)
    except SlotDestroyed:
        raise AccessDenied("the grant does not open this recording", why="grant_destroyed") from None
    return open_under(slot, grant.sealed or b"", bound_to=grant.binding(recording))


def _seal(file_key: FileKey, password: Secret, person: Recipient, approvers: Sequence[Recipient]) -> bytes:
    layers = seal_file(seal_header(file_key, [PasswordRecipient(password)]), [person])
    return seal_file(layers, approvers) if approvers else layers
