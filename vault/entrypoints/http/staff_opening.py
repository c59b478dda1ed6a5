"""Staff open a recording from machines of their own.

Whose identity lies in the session is answered the recording, opened here. Whose identity stays in a file is
answered an age file, as it lies sealed, and opens it there.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator

from aiohttp import web

from keys.age import sealed_bytes
from keys.errors import MalformedIdentity
from keys.identities import parse_recipient
from keys.passwords import normalise
from vault.domain.names import parse_id_prefix
from vault.domain.recording import Recording
from vault.domain.staff_session import ProofKind
from vault.entrypoints.http.context import PATIENCE, VAULT
from vault.entrypoints.http.json_body import read_json
from vault.entrypoints.http.refusals import FieldInvalid
from vault.entrypoints.http.sending import send_body
from vault.entrypoints.http.staff_answers import ExportRequest, OpenRequest
from vault.entrypoints.http.staff_sessions import staff_signed_in
from vault.errors import Invalid, NotFound
from vault.ports.vault import Vault
from vault.usecases.authenticate_staff import StaffVisitor
from vault.usecases.export_recording import ExportRecipient, export_recording
from vault.usecases.hand_over_recording import hand_over_recording
from vault.usecases.open_as_staff import open_as_staff
from vault.usecases.use_grant import use_grant

FORM, DIGEST, SIZE = "Callvault-Form", "Callvault-Sha256", "Callvault-Bytes"
"""`plain` or `sealed`; then SHA-256 and size of the recording, opened."""
RECORDING, RECIPIENT, NICKNAME = "Callvault-Recording", "Callvault-Recipient", "Callvault-Fingerprint"


async def send_opened(request: web.Request) -> web.StreamResponse:
    """Open a recording for a person of the staff; on the log before the first byte."""
    async with staff_signed_in(request) as visitor:
        asked = await read_json(request, OpenRequest)
        form, recording, length, pieces = await _opened(request.app[VAULT], visitor, asked)
    told = {FORM: form, DIGEST: recording.sha256, SIZE: str(recording.bytes), RECORDING: recording.id}
    answer = web.StreamResponse(headers={"Content-Type": "application/octet-stream", **told})
    answer.content_length = length
    return await send_body(request, answer, pieces, request.app[PATIENCE].stall)


async def send_export(request: web.Request) -> web.StreamResponse:
    """Answer a recording as an age file for one recipient; on the log before the first byte."""
    async with staff_signed_in(request) as visitor:
        asked = await read_json(request, ExportRequest)
        to = None if asked.to is None else _recipient(asked.to)
        exported = await export_recording(
            request.app[VAULT], visitor.custodian, _prefix(asked.recording), reason=asked.reason, to=to
        )
    told = {RECORDING: exported.recording.id, RECIPIENT: exported.recipient, NICKNAME: exported.fingerprint}
    answer = web.StreamResponse(headers={"Content-Type": "application/octet-stream", **told})
    answer.content_length = len(exported.header) + sealed_bytes(exported.recording.bytes)
    return await send_body(request, answer, exported.age_file(), request.app[PATIENCE].stall)


def _recipient(text: str) -> ExportRecipient:
    try:
        return parse_recipient(text)
    except MalformedIdentity:
        raise FieldInvalid("to", "an age recipient, age1pq1… or age1…") from None


async def _opened(
    vault: Vault, visitor: StaffVisitor, asked: OpenRequest
) -> tuple[str, Recording, int, AsyncGenerator[bytes, None]]:
    """Return form, recording, length and body; sealed for whose identity is not here."""
    prefix = _prefix(asked.recording)
    if asked.grant_password is not None:
        password = normalise(asked.grant_password)
        granted = await use_grant(vault, visitor.custodian, prefix, password=password, reason=asked.reason)
        return (
            "plain",
            granted.recording,
            granted.recording.bytes,
            granted.plaintext(0, granted.recording.bytes),
        )
    if visitor.session.proof is ProofKind.IDENTITY:
        sealed = await hand_over_recording(vault, visitor.person, prefix, reason=asked.reason)
        return "sealed", sealed.recording, sealed.file_bytes, sealed.age_file()
    opened = await open_as_staff(vault, visitor.custodian, prefix, reason=asked.reason)
    return "plain", opened.recording, opened.recording.bytes, opened.plaintext(0, opened.recording.bytes)


def _prefix(text: str) -> str:
    try:
        return parse_id_prefix(text)
    except Invalid:
        raise NotFound("no such recording") from None
