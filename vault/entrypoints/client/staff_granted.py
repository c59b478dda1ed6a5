"""A grant at a person's own machine: where the identity stays here, the grant's password does, too.

The password is hashed here for an answer that proves it, and once more to open what the vault hands over for
that: the grant's layers, outermost that of the person's own recipient (docs/format.md, 1.4). What a grant
asks the DPO who approves it is answered here, and the answer alone goes to the vault.
"""

from __future__ import annotations

import asyncio

from keys import approval, password_proof
from keys.age import FileKey, HybridIdentity, PasswordIdentity, open_file, open_header
from keys.errors import KeysError, NoMatchingIdentity
from keys.passwords import normalise
from keys.secret import Secret
from vault.entrypoints.client.answers import ApprovalQuestion, GrantQuestion, not_understood
from vault.entrypoints.client.failures import ClientError
from vault.entrypoints.client.staff import Desk

_QUESTION = "grants/question"
_APPROVAL_QUESTION = "grants/approval-question"


async def proof_of_grant(desk: Desk, recording: str, password: str) -> dict[str, str]:
    """Return what shows the vault that one knows a grant's password: the password itself if the key is there.

    Raise `ServerRefused`, `TryAgain`, or `NotUnderstood` for a question that is none.
    """
    if desk.identity is None:
        return {"grant_password": password}
    asked = await desk.ask(_QUESTION, {"recording": recording}, GrantQuestion)
    try:
        answer = await asyncio.to_thread(password_proof.answer, normalise(password), asked.salt)
    except ValueError:  # a salt of another size
        raise not_understood() from None
    return {"grant_answer": answer.reveal().decode()}


async def proof_of_approval(desk: Desk, grant: str) -> dict[str, str]:
    """Return which grant is approved, and what it asks for that; the answer is left out if the key is there.

    Raise `ServerRefused`, `TryAgain`, or `ClientError` for a grant that does not ask this person.
    """
    if desk.identity is None:
        return {"grant": grant}
    asked = await desk.ask(_APPROVAL_QUESTION, {"grant": grant}, ApprovalQuestion)
    if not asked.grant.startswith(grant):  # it is approved by what is answered here, so by its id here
        raise not_understood()
    try:
        answer = await asyncio.to_thread(approval.answer, asked.sealed, desk.identity, asked.grant)
    except NoMatchingIdentity:
        raise ClientError("this grant asks the DPOs of when it was issued: have it issued anew") from None
    except KeysError:
        raise not_understood() from None
    return {"grant": asked.grant, "answer": answer.reveal().decode()}


async def open_layers(layers: bytes, identity: HybridIdentity, password: Secret) -> FileKey:
    """Return the file key inside a grant's layers; raise `ClientError` for what these two do not open."""
    try:
        return await asyncio.to_thread(_open, layers, identity, password)
    except KeysError:
        raise ClientError("this grant is not sealed to you and its password") from None


def _open(layers: bytes, identity: HybridIdentity, password: Secret) -> FileKey:
    return open_header(open_file(layers, [identity]), [PasswordIdentity(password)])
