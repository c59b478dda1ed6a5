"""A grant's header: the file key under the grant's password, inside a layer for its person, under a slot.

Whoever has database, slots and password lacks the person's identity; the person lacks the password. A grant
that waits for approval lies in one more layer, which every DPO but its issuer can take off (`keys.approval`).

Before the layers stands how its person proves the password from a machine of their own (docs/format.md, 1.4).
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from keys import approval
from keys.age import (
    FileKey,
    HybridIdentity,
    HybridRecipient,
    PasswordRecipient,
    Recipient,
    open_file,
    seal_file,
    seal_header,
)
from keys.errors import NoMatchingIdentity, SlotDestroyed
from keys.password_proof import Expected
from keys.secret import Secret
from keys.slots.sealing import open_under, seal_under
from vault.domain.grant import Grant
from vault.domain.names import GrantId
from vault.domain.recording import Recording
from vault.errors import AccessDenied
from vault.ports.database import UnitOfWork
from vault.ports.vault import Vault

_MARK = b"callvault/grant v1 "
_WAITING_MARK = b"callvault/grant v2 "


@dataclass(frozen=True, slots=True)
class GrantHeader:
    """What lies under a grant's slot: the layers, and what answer proves its password.

    `expected` is None for a grant that was issued before there was such a proof: it opens at the vault alone.
    While a second DPO must approve, the layers are sealed under the answer to `question`; it is None for a
    grant that was issued before there were questions, whose outermost layer is an age file to those DPOs.
    """

    layers: bytes
    expected: Expected | None
    question: bytes | None = None

    def encode(self) -> bytes:
        """Return it as it lies under the slot."""
        if self.expected is None:
            return self.layers
        mark, parts = _MARK, [self.expected.salt, self.expected.digest]
        if self.question is not None:
            mark, parts = _WAITING_MARK, [*parts, self.question]
        return mark + b" ".join(map(base64.b64encode, parts)) + b"\n" + self.layers

    @classmethod
    def decode(cls, content: bytes) -> Self:
        """Read what `encode` wrote and a slot kept."""
        if not content.startswith((_MARK, _WAITING_MARK)):  # an age file, which begins otherwise
            return cls(content, None)
        line, _, layers = content.partition(b"\n")
        salt, digest, *question = map(base64.b64decode, line[len(_MARK) :].split(b" "))
        return cls(layers, Expected(salt, digest), *question)


async def seal(
    file_key: FileKey,
    password: Secret,
    person: Recipient,
    grant: GrantId,
    approvers: Sequence[HybridRecipient] = (),
) -> GrantHeader:
    """Return the layers, on a worker thread: Argon2id twice, an encapsulation for each recipient.

    With `approvers`, one of them must take the outermost layer off first, of this grant alone.
    """
    return await asyncio.to_thread(_seal, file_key, password, person, grant, approvers)


def answer_for_approval(header: GrantHeader, grant: GrantId, approver: HybridIdentity) -> Secret | None:
    """Return what an approver answers; None for a grant that asks nothing, being from before.

    Raise `NoMatchingIdentity` for who is asked nothing, such as the issuer.
    """
    return None if header.question is None else approval.answer(header.question, approver, grant)


def approved(header: GrantHeader, grant: GrantId, answer: Secret) -> GrantHeader:
    """Return the header without the layer that kept it shut; raise `NoMatchingIdentity`."""
    if header.question is None:
        raise NoMatchingIdentity("this grant asks nothing")
    layer = approval.Layer(header.question, header.layers)
    return replace(header, layers=approval.uncover(layer, answer, grant), question=None)


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
    file_key: FileKey,
    password: Secret,
    person: Recipient,
    grant: GrantId,
    approvers: Sequence[HybridRecipient],
) -> GrantHeader:
    layers = seal_file(seal_header(file_key, [PasswordRecipient(password)]), [person])
    expected = Expected.from_password(password)
    if not approvers:
        return GrantHeader(layers, expected)
    shut = approval.close(layers, approvers, grant)
    return GrantHeader(shut.sealed, expected, shut.question)
