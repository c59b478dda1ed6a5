"""Uploads: a PBX hands over a recording and gets a receipt."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from http import HTTPStatus

from aiohttp import BodyPartReader, web

from vault.domain.source import Source
from vault.entrypoints.http import receiving
from vault.entrypoints.http.answers import Receipt, SourceAnswer, render_json
from vault.entrypoints.http.call_details import call_details
from vault.entrypoints.http.context import PATIENCE, SETTINGS, TURNS, VAULT, source_actor
from vault.entrypoints.http.credentials import calling_source, hook_source
from vault.entrypoints.http.digests import parse_content_digest
from vault.entrypoints.http.file_names import from_segment, parse_file_name
from vault.entrypoints.http.refusals import FieldInvalid
from vault.usecases.seal_recording import Upload, seal_recording


async def show_source(request: web.Request) -> web.Response:
    """Tell a source who it is."""
    return render_json(SourceAnswer.of(await calling_source(request)))


async def put_recording(request: web.Request) -> web.Response:
    """Take a recording named by the URL."""
    return await _take(request, await calling_source(request), _named(request))


async def post_recording(request: web.Request) -> web.Response:
    """Take a recording, raw or as a part of a form."""
    return await _take(request, await calling_source(request), None)


async def take_hook(request: web.Request) -> web.Response:
    """Take a recording from a source that can send no header: its token is in the path."""
    return await _take(request, await hook_source(request), _named(request))


async def post_hook(request: web.Request) -> web.Response:
    """Take a recording from such a source without a name in the URL."""
    return await _take(request, await hook_source(request), None)


async def _take(request: web.Request, source: Source, file_name: str | None) -> web.Response:
    """Refuse by the headers what can't be taken; then wait for a turn, and only then for the body."""
    receiving.must_be_takeable(request, request.app[SETTINGS].limits.recording_bytes)
    if receiving.is_multipart(request):
        return await _take_part(request, source, file_name)
    upload = _announced(request, source, file_name, request.content_type)
    async with request.app[TURNS].turn():
        await receiving.send_continue(request)
        return await _seal(request, source, upload, receiving.raw_body(request, request.app[PATIENCE].idle))


async def _take_part(request: web.Request, source: Source, file_name: str | None) -> web.Response:
    """Take the part that is the recording: it may name the file, and carry its own digest."""
    if "Content-Digest" in request.headers:
        raise FieldInvalid("Content-Digest", "with a form it belongs into the part's own headers")
    _announced(request, source, file_name, "")
    pace = receiving.Pace(request.app[PATIENCE].idle)
    async with request.app[TURNS].turn():
        await receiving.send_continue(request)
        reader, part = await receiving.open_part(request, pace)
        upload = _announced(request, source, file_name or _part_name(part), _part_type(part), part)
        body = receiving.part_body(reader, part, pace)
        return await _seal(request, source, upload, body)


async def _seal(
    request: web.Request, source: Source, upload: Upload, body: AsyncGenerator[bytes, None]
) -> web.Response:
    async with aclosing(body):
        actor = source_actor(request, source)
        receipt = await seal_recording(request.app[VAULT], source, upload, body, by=actor)
    return render_json(Receipt.of(receipt), HTTPStatus.CREATED if receipt.created else HTTPStatus.OK)


def _announced(
    request: web.Request,
    source: Source,
    file_name: str | None,
    content_type: str,
    part: BodyPartReader | None = None,
) -> Upload:
    """Return what the headers and the query say of the recording."""
    headers = request.headers if part is None else part.headers
    details = call_details(
        request.headers,
        request.raw_path.partition("?")[2],
        zone=source.zone,
        file_name=file_name,
        content_type=content_type,
    )
    return Upload(details, parse_content_digest(headers.getall("Content-Digest", [])))


def _named(request: web.Request) -> str:
    """Return the file name in the URL's last segment, read before anybody decoded it."""
    return from_segment(request.raw_path.partition("?")[0].rpartition("/")[2])


def _part_name(part: BodyPartReader) -> str | None:
    return parse_file_name(part.filename) if part.filename else None


def _part_type(part: BodyPartReader) -> str:
    return part.headers.get("Content-Type", "").partition(";")[0].strip().lower()
