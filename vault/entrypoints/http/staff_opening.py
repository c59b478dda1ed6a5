"""Staff open a recording from machines of their own.

Whose identity lies in the session is answered the recording, opened here. Whose identity stays in a file is
answered an age file, as it lies sealed, and opens it there; by a grant, its layers and then the payload.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from aiohttp import web

from keys.age import sealed_bytes
from keys.errors import MalformedIdentity
from keys.identities import parse_recipient
from keys.passwords import normalise
from keys.secret import Secret
from vault.domain.names import parse_id_prefix
from vault.domain.recording import Recording
from vault.domain.staff_session import ProofKind
from vault.entrypoints.http.answers import render_json
from vault.entrypoints.http.context import PATIENCE, VAULT
from vault.entrypoints.http.flowing import flowing
from vault.entrypoints.http.refusals import FieldInvalid
from vault.entrypoints.http.sending import send_body
from vault.entrypoints.http.signed_json import read_signed_json
from vault.entrypoints.http.staff_answers import (
    ApprovalQuestion,
    ApprovalQuestionRequest,
    ExportRequest,
    GrantQuestion,
    GrantQuestionRequest,
    OpenRequest,
)
from vault.entrypoints.http.staff_sessions import staff_signed_in
from vault.errors import Invalid, NotFound
from vault.ports.vault import Vault
from vault.usecases.approve_grant import ask_for_approval
from vault.usecases.authenticate_staff import StaffVisitor
from vault.usecases.export_recording import ExportRecipient, export_recording
from vault.usecases.hand_over_granted import ask_for_grant_password, hand_over_granted
from vault.usecases.hand_over_recording import SealedRecording, hand_over_recording
from vault.usecases.open_as_staff import open_as_staff
from vault.usecases.open_recording import OpenRecording
from vault.usecases.use_grant import use_grant

FORM, DIGEST, SIZE = "Callvault-Form", "Callvault-Sha256", "Callvault-Bytes"
"""`plain`, `sealed` or `granted`; then SHA-256 and size of the recording, opened."""
LAYERS = "Callvault-Layers"
"""How many bytes of what is `granted` are the grant's layers, which come before the payload."""
RECORDING, RECIPIENT, NICKNAME = "Callvault-Recording", "Callvault-Recipient", "Callvault-Fingerprint"


@dataclass(frozen=True, slots=True)
class _Answer:
    """What is answered: a recording in one of its forms, and what is told of the form in headers."""

    recording: Recording
    length: int
    pieces: AsyncGenerator[bytes, None]
    form: str
    told: dict[str, str] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        facts = {DIGEST: self.recording.sha256, SIZE: str(self.recording.bytes), RECORDING: self.recording.id}
        return {"Content-Type": "application/octet-stream", FORM: self.form, **facts, **self.told}


async def send_opened(request: web.Request) -> web.StreamResponse:
    """Open a recording for a person of the staff; on the log before the first byte."""
    async with staff_signed_in(request) as visitor:
        asked = await read_signed_json(request, OpenRequest, staff_signed_in)
        opened = await _opened(request.app[VAULT], visitor, asked)
    answer = web.StreamResponse(headers=opened.headers)
    answer.content_length = opened.length
    pieces = flowing(request, opened.recording.id, opened.pieces)
    return await send_body(request, answer, pieces, request.app[PATIENCE].stall)


async def ask_grant_question(request: web.Request) -> web.Response:
    """Ask what the password of a grant answers; alike for whoever has none."""
    async with staff_signed_in(request) as visitor:
        asked = await read_signed_json(request, GrantQuestionRequest, staff_signed_in)
        prefix = _prefix(asked.recording)
        salt = await ask_for_grant_password(request.app[VAULT], visitor.person, prefix)
    return render_json(GrantQuestion(base64.b64encode(salt).decode()))


async def ask_approval_question(request: web.Request) -> web.Response:
    """Ask what an identity answers that is to approve a grant; refusals are on the log."""
    async with staff_signed_in(request) as visitor:
        asked = await read_signed_json(request, ApprovalQuestionRequest, staff_signed_in)
        posed = await ask_for_approval(request.app[VAULT], visitor.person, parse_id_prefix(asked.grant))
    return render_json(ApprovalQuestion(posed.grant, base64.b64encode(posed.sealed).decode()))


async def send_export(request: web.Request) -> web.StreamResponse:
    """Answer a recording as an age file for one recipient; on the log before the first byte."""
    async with staff_signed_in(request) as visitor:
        asked = await read_signed_json(request, ExportRequest, staff_signed_in)
        to = None if asked.to is None else _recipient(asked.to)
        exported = await export_recording(
            request.app[VAULT], visitor.custodian, _prefix(asked.recording), reason=asked.reason, to=to
        )
    told = {RECORDING: exported.recording.id, RECIPIENT: exported.recipient, NICKNAME: exported.fingerprint}
    answer = web.StreamResponse(headers={"Content-Type": "application/octet-stream", **told})
    answer.content_length = len(exported.header) + sealed_bytes(exported.recording.bytes)
    pieces = flowing(request, exported.recording.id, exported.age_file())
    return await send_body(request, answer, pieces, request.app[PATIENCE].stall)


def _recipient(text: str) -> ExportRecipient:
    try:
        return parse_recipient(text)
    except MalformedIdentity:
        raise FieldInvalid("to", "an age recipient, age1pq1… or age1…") from None


async def _opened(vault: Vault, visitor: StaffVisitor, asked: OpenRequest) -> _Answer:
    """Return the recording; sealed for whose identity is not here."""
    prefix, reason = _prefix(asked.recording), asked.reason
    match asked:
        case OpenRequest(grant_password=str(), grant_answer=str()):
            raise FieldInvalid("grant_answer", "either the password or the answer")
        case OpenRequest(grant_password=str(text)):
            password = normalise(text)
            return _plain(await use_grant(vault, visitor.custodian, prefix, password=password, reason=reason))
        case OpenRequest(grant_answer=str(text)):
            if visitor.session.proof is not ProofKind.IDENTITY:
                raise FieldInvalid("grant_answer", "only from the owner of an identity file")
            answer = Secret(text.encode("utf-8", "surrogatepass"))
            return _granted(
                await hand_over_granted(vault, visitor.person, prefix, answer=answer, reason=reason)
            )
    if visitor.session.proof is ProofKind.IDENTITY:
        sealed = await hand_over_recording(vault, visitor.person, prefix, reason=reason)
        return _Answer(sealed.recording, sealed.file_bytes, sealed.age_file(), "sealed")
    return _plain(await open_as_staff(vault, visitor.custodian, prefix, reason=reason))


def _plain(opened: OpenRecording) -> _Answer:
    size = opened.recording.bytes
    return _Answer(opened.recording, size, opened.plaintext(0, size), "plain")


def _granted(sealed: SealedRecording) -> _Answer:
    told = {LAYERS: str(len(sealed.header))}
    return _Answer(sealed.recording, sealed.file_bytes, sealed.age_file(), "granted", told)


def _prefix(text: str) -> str:
    try:
        return parse_id_prefix(text)
    except Invalid:
        raise NotFound("no such recording") from None
