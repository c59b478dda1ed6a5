"""A grant at its person's own machine: where the identity stays here, the grant's password does, too.

The password is hashed here for an answer that proves it, and once more to open what the vault hands over for
that: the grant's layers, outermost that of the person's own recipient (docs/format.md, 1.4).
"""

from __future__ import annotations

import asyncio
import base64
import binascii

from keys import password_proof
from keys.age import FileKey, HybridIdentity, PasswordIdentity, open_file, open_header
from keys.errors import KeysError
from keys.passwords import normalise
from keys.secret import Secret
from vault.entrypoints.client.failures import ClientError, NotUnderstood
from vault.entrypoints.client.staff import Desk

_QUESTION = "grants/question"


async def proof_of_grant(desk: Desk, recording: str, password: str) -> dict[str, str]:
    """Return what shows the vault that one knows a grant's password: the password itself if the key is there.

    Raise `ServerRefused`, `TryAgain`, or `NotUnderstood` for a question that is none.
    """
    if desk.identity is None:
        return {"grant_password": password}
    asked = await desk.ask(_QUESTION, {"recording": recording})
    try:
        salt = base64.b64decode(str(asked.get("salt")), validate=True)
        answer = await asyncio.to_thread(password_proof.answer, normalise(password), salt)
    except (binascii.Error, ValueError):
        raise NotUnderstood("the answer is not what a vault would say of a grant") from None
    return {"grant_answer": answer.reveal().decode()}


async def open_layers(layers: bytes, identity: HybridIdentity, password: Secret) -> FileKey:
    """Return the file key inside a grant's layers; raise `ClientError` for what these two do not open."""
    try:
        return await asyncio.to_thread(_open, layers, identity, password)
    except KeysError:
        raise ClientError("this grant is not sealed to you and its password") from None


def _open(layers: bytes, identity: HybridIdentity, password: Secret) -> FileKey:
    return open_header(open_file(layers, [identity]), [PasswordIdentity(password)])
