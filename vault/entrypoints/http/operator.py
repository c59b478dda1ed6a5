"""What an operator asks: does it run, can it serve, how much is there."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterator
from http import HTTPStatus

from aiohttp import web

from keys.errors import KeysError
from vault.config import Http
from vault.entrypoints.http.addresses import was_forwarded
from vault.entrypoints.http.answers import Health, Readiness, render_json
from vault.entrypoints.http.causes import log_unavailable
from vault.entrypoints.http.context import SETTINGS, VAULT, peer_address
from vault.errors import NotFound, VaultError
from vault.usecases.check_readiness import check_readiness
from vault.usecases.report_status import Status, report_status

_CHECK_SECONDS = 10.0
_GAUGES = "# TYPE callvault_{name} gauge"
_TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"  # Prometheus text exposition format


async def show_health(_request: web.Request) -> web.Response:
    """Say that the process runs."""
    return render_json(Health())


async def show_readiness(request: web.Request) -> web.Response:
    """Say whether log, database, store and slots can serve; 503 while one can't."""
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            parts = await check_readiness(request.app[VAULT], tell=_tell)
    except TimeoutError:
        parts = {"vault": "unavailable"}
    ready = all(outcome == "ok" for outcome in parts.values())
    return render_json(Readiness(ready, parts), HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE)


def _tell(part: str, error: VaultError | KeysError) -> None:
    log_unavailable(error, part=part)


async def show_metrics(request: web.Request) -> web.Response:
    """Show counts of the whole vault, whichever process answers."""
    status = await report_status(request.app[VAULT])
    text = "\n".join((*_exposed(status), ""))
    return web.Response(body=text.encode(), headers={"Content-Type": _TEXT_FORMAT})


async def show_metrics_here(request: web.Request) -> web.Response:
    """Show them at the public door only to this machine itself, and only without a listener of their own."""
    http = request.app[SETTINGS].http
    if http.operator_listen is not None or _behind_a_proxy(http) or not _from_this_machine(request):
        raise NotFound("no such page")
    return await show_metrics(request)


def _behind_a_proxy(http: Http) -> bool:
    """Say whether a proxy is declared, or must be there: it may stand on this machine and say nothing."""
    encrypted_elsewhere = (http.public_url or "").startswith("https:") and http.tls_certificate is None
    return bool(http.trusted_proxies) or encrypted_elsewhere


def _from_this_machine(request: web.Request) -> bool:
    """Say whether the peer is this machine, asking for itself: a proxy here speaks for others."""
    try:
        peer = ipaddress.ip_address(peer_address(request))
    except ValueError:
        return False
    return peer.is_loopback and not was_forwarded(request.headers)


def _exposed(status: Status) -> Iterator[str]:
    yield _GAUGES.format(name="recordings")
    for state, (count, _) in status.recordings.items():
        yield f'callvault_recordings{{state="{state}"}} {count}'
    yield _GAUGES.format(name="recording_bytes")
    for state, (_, plaintext_bytes) in status.recordings.items():
        yield f'callvault_recording_bytes{{state="{state}"}} {plaintext_bytes}'
    for name in ("blobs_to_delete", "log_size", "customers", "sources"):
        yield _GAUGES.format(name=name)
        yield f"callvault_{name} {getattr(status, name)}"
