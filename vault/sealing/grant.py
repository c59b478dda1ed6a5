"""A grant's header: the file key under the grant's password, inside a layer for its person, under a slot.

Whoever has database, slots and password lacks the person's identity; the person lacks the password. A grant
that waits for approval lies in one more layer, for every DPO but the one who issued it.

Before the layers stands how its person proves the password from a machine of their own (docs/format.md, 1.4).
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from keys.age import FileKey, HybridIdentity, PasswordRecipient, Recipient, open_file, seal_file, seal_header
from keys.errors import SlotDestroyed
from keys.password_proof import Expected
from keys.secret import Secret
from keys.slots.sealing import open_under, seal_under
from vault.domain.grant import Grant
from vault.domain.recording import Recording
from vault.errors import AccessDenied
from vault.ports.database import UnitOfWork
from vault.ports.vault import Vault

_MARK = b"callvault/grant v1 "


@dataclass(frozen=True, slots=True)
class GrantHeader:
    """What lies under a grant's slot: the layers, and what answer proves its password.

    `expected` is None for a grant that was issued before there was such a proof: it opens at the vault alone.
    """

    layers: bytes
    expected: Expected | None

    def encode(self) -> bytes:
        """Return it as it lies under the slot."""
        if self.expected is None:
            return self.layers
        salt, digest = (base64.b64encode(each) for each in (self.expected.salt, self.expected.digest))
        return _MARK + salt + b" " + digest + b"\n" + self.layers

    @classmethod
    def decode(cls, content: bytes) -> Self:
        """Read what `encode` wrote and a slot kept."""
        if not content.startswith(_MARK):  # an age file, which begins otherwise
            return cls(content, None)
        line, _, layers = content.partition(b"\n")
        salt, digest = line.removeprefix(_MARK).split(b" ")
        return cls(layers, Expected(base64.b64decode(salt), base64.b64decode(digest)))


async def seal(
    file_key: FileKey, password: Secret, person: Recipient, approvers: Sequence[Recipient] = ()
) -> GrantHeader:
    """Return the layers, on a worker thread: Argon2id twice, an encapsulation for each recipient.

    With `approvers`, one of them must take the outermost layer off first.
    """
    return await asyncio.to_thread(_seal, file_key, password, person, approvers)


async def unwrap(layer: bytes, identity: HybridIdentity) -> bytes:
    """Return what is inside the outermost layer; raise `NoMatchingIdentity` for somebody else's."""
    return await asyncio.to_thread(open_file, layer, [identity])


async def put_under_slot(
    vault: Vault, work: UnitOfWork, grant: Grant, recording: Recording, header: GrantHeader
) -> Grant:
    """Return the grant with its header under a fresh slot, bound to all that it allows."""
    number = await work.slots.claim("grant", vault.clock.now())
    slot = await vault.slots.claimable(number)
    sealed = seal_under(slot, header.encode(), bound_to=grant.binding(recording))
    return replace(grant, slot=number, sealed=sealed)


async def header_of(vault: Vault, grant: Grant, recording: Recording) -> GrantHeader:
    """Return the header from under the slot.

    Raise `AccessDenied` for a slot that was destroyed, `SlotMismatch` for a row that somebody changed.
    """
    try:
        slot = await vault.slots.read(grant.slot)
    except SlotDestroyed:
        raise AccessDenied("the grant does not open this recording", why="grant_destroyed") from None
    return GrantHeader.decode(open_under(slot, grant.sealed or b"", bound_to=grant.binding(recording)))


def _seal(
    file_key: FileKey, password: Secret, person: Recipient, approvers: Sequence[Recipient]
) -> GrantHeader:
    layers = seal_file(seal_header(file_key, [PasswordRecipient(password)]), [person])
    sealed = seal_file(layers, approvers) if approvers else layers
    return GrantHeader(sealed, Expected.from_password(password))
