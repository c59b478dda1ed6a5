"""Collection: a customer signs in, sees what waits, reads it, and proves that it holds it."""

from __future__ import annotations

import re
from http import HTTPStatus

from aiohttp import web

from vault.domain.call import CallDetails
from vault.domain.names import RecordingId, parse_id_prefix, parse_sha256
from vault.domain.recording import Recording
from vault.entrypoints.http.answers import (
    Collection,
    ReceiptRequest,
    SessionAnswer,
    SignInRequest,
    WaitingList,
    WaitingRecording,
    render_json,
)
from vault.entrypoints.http.context import PATIENCE, VAULT, visitor_actor
from vault.entrypoints.http.credentials import signed_in
from vault.entrypoints.http.file_names import content_type_of, disposition
from vault.entrypoints.http.json_body import read_json
from vault.entrypoints.http.ranges import Span, is_known, must_match, requested_span
from vault.entrypoints.http.refusals import FieldInvalid
from vault.entrypoints.http.sending import send_body
from vault.entrypoints.http.signed_json import read_signed_json
from vault.errors import Invalid, NotFound
from vault.ports.vault import Vault
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.end_session import end_session
from vault.usecases.list_waiting import list_waiting
from vault.usecases.open_recording import describe_recording, open_recording
from vault.usecases.sign_in import sign_in

_CURSOR = re.compile(r"\d{1,18}", re.ASCII)
_LIMIT = re.compile(r"[1-9]\d{0,2}", re.ASCII)
_USUAL_LIMIT, _MOST = 100, 500


async def begin_session(request: web.Request) -> web.Response:
    """Sign in with a link or a name, and the password."""
    asked = await read_json(request, SignInRequest)
    if (asked.link is None) == (asked.customer is None):
        raise FieldInvalid("link", "either link or customer")
    signed = await sign_in(
        request.app[VAULT],
        link=asked.link,
        customer=asked.customer,
        password=asked.password,
        by=visitor_actor(request),
    )
    return render_json(SessionAnswer.of(signed), HTTPStatus.CREATED)


async def end_current_session(request: web.Request) -> web.Response:
    """Sign out."""
    async with signed_in(request) as visitor:
        await end_session(request.app[VAULT], visitor.session, by=visitor.actor)
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def list_recordings(request: web.Request) -> web.Response:
    """Show what waits, a page at a time, newest first."""
    before, limit = _page(request)
    async with signed_in(request) as visitor:
        # One more than asked for says whether there is a page after this one.
        found = await list_waiting(request.app[VAULT], visitor, before=before, limit=limit + 1)
    shown = found[:limit]
    following = str(shown[-1].recording.log_index) if len(found) > limit else None
    return render_json(WaitingList([WaitingRecording.of(listed) for listed in shown], following))


async def describe_content(request: web.Request) -> web.StreamResponse:
    """Answer a HEAD: opens nothing, logs nothing, destroys nothing."""
    async with signed_in(request) as visitor:
        recording, details = await describe_recording(request.app[VAULT], visitor, _recording_id(request))
    etag = _etag(request.app[VAULT], recording)
    must_match(request.headers, etag)
    return _content_answer(recording, details, etag, Span(0, recording.bytes, recording.bytes, partial=False))


async def send_content(request: web.Request) -> web.StreamResponse:
    """Open a recording, or a range of it, for reading."""
    vault, wanted = request.app[VAULT], _recording_id(request)
    async with signed_in(request) as visitor:
        recording, details = await describe_recording(vault, visitor, wanted)
        etag = _etag(vault, recording)
        must_match(request.headers, etag)
        if is_known(request.headers, etag):
            return web.Response(status=HTTPStatus.NOT_MODIFIED, headers={"ETag": etag})
        span = requested_span(request.headers, etag, recording.bytes)
        opened = await open_recording(vault, visitor, wanted)
    answer = _content_answer(recording, details, etag, span)
    return await send_body(
        request, answer, opened.plaintext(span.start, span.stop), request.app[PATIENCE].stall
    )


async def take_receipt(request: web.Request) -> web.Response:
    """Take the proof that the customer holds a recording: this is what destroys it."""
    async with signed_in(request) as visitor:
        proof = await read_signed_json(request, ReceiptRequest, signed_in)
        wanted, sha256 = _recording_id(request), parse_sha256(proof.sha256)
        answer = await confirm_receipt(request.app[VAULT], visitor, wanted, sha256)
    return render_json(Collection.of(answer))


def _content_answer(recording: Recording, details: CallDetails, etag: str, span: Span) -> web.StreamResponse:
    name = details.file_name or f"recording-{recording.id}"
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Content-Disposition": disposition(name),
        "Content-Type": content_type_of(name),
    }
    if span.partial:
        headers["Content-Range"] = span.content_range
    status = HTTPStatus.PARTIAL_CONTENT if span.partial else HTTPStatus.OK
    answer = web.StreamResponse(status=status, headers=headers)
    answer.content_length = span.length
    return answer


def _etag(vault: Vault, recording: Recording) -> str:
    """Return a strong tag that tells nothing of the content: whoever knew the digest could send a receipt."""
    return f'"{vault.keys.blind("etag", recording.id, recording.sealed_at.isoformat())[:32]}"'


def _recording_id(request: web.Request) -> RecordingId:
    try:
        return RecordingId(parse_id_prefix(request.match_info["id"]))
    except Invalid:
        raise NotFound("no such recording") from None


def _page(request: web.Request) -> tuple[int | None, int]:
    """Return where the page begins and how many it holds."""
    cursor, limit = request.query.get("cursor"), request.query.get("limit", str(_USUAL_LIMIT))
    if cursor is not None and not _CURSOR.fullmatch(cursor):
        raise FieldInvalid("cursor", "the `next` of the page before")
    if not _LIMIT.fullmatch(limit) or int(limit) > _MOST:
        raise FieldInvalid("limit", f"a number from 1 to {_MOST}")
    return (int(cursor) if cursor is not None else None), int(limit)
