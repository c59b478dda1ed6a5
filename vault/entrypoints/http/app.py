"""The HTTP application: routes, and what every request and every answer passes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from vault.config import Settings
from vault.entrypoints.http.addresses import Proxies
from vault.entrypoints.http.answers import SERVER
from vault.entrypoints.http.context import (
    PATIENCE,
    PROXIES,
    SETTINGS,
    TURNS,
    USUAL_PATIENCE,
    VAULT,
    Patience,
    UploadTurns,
)
from vault.entrypoints.http.draining import IN_FLIGHT, InFlight
from vault.entrypoints.http.logging import access_lines
from vault.entrypoints.http.openapi import describe
from vault.entrypoints.http.problems import Handler, problems
from vault.entrypoints.http.receiving import must_be_framed_plainly, must_expect_known
from vault.entrypoints.http.routes import OPERATOR_ROUTES, ROUTES
from vault.entrypoints.http.staff_routes import STAFF_ROUTES
from vault.entrypoints.web.page import add_page
from vault.ports.vault import Vault

_YEAR_SECONDS = 31_536_000
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""On every answer that says nothing else; the page has a policy of its own."""


def create_app(vault: Vault, settings: Settings, patience: Patience = USUAL_PATIENCE) -> web.Application:
    """Return the public door."""
    app = _bare_app(vault, settings, patience)
    for route in (*ROUTES, *STAFF_ROUTES):
        app.router.add_route(route.method, route.path, route.handler, expect_handler=_wait_for_auth)
    app.router.add_route("GET", "/openapi.json", _serving(describe((*ROUTES, *STAFF_ROUTES))))
    add_page(app)
    return app


def create_operator_app(vault: Vault, settings: Settings) -> web.Application:
    """Return the operator's door: health, readiness and metrics."""
    app = _bare_app(vault, settings, USUAL_PATIENCE)
    for path, handler in OPERATOR_ROUTES:
        app.router.add_route("GET", path, handler)
    return app


def _bare_app(vault: Vault, settings: Settings, patience: Patience) -> web.Application:
    in_flight = InFlight()
    app = web.Application(middlewares=[access_lines, problems, in_flight.count, _expectations])
    app[VAULT], app[SETTINGS], app[IN_FLIGHT] = vault, settings, in_flight
    app[PROXIES] = Proxies.parse(settings.http.trusted_proxies)
    app[TURNS] = UploadTurns(settings.limits.uploads_at_once, patience.turn)
    app[PATIENCE] = patience
    app.on_response_prepare.append(_protecting(settings))
    app.on_response_prepare.append(in_flight.close_connection)
    return app


async def _wait_for_auth(_request: web.Request) -> None:
    """Answer no `Expect: 100-continue` here: the body is asked for once its sender was let in."""


@web.middleware
async def _expectations(request: web.Request, handler: Handler) -> web.StreamResponse:
    must_be_framed_plainly(request)
    must_expect_known(request)
    return await handler(request)


def _protecting(settings: Settings) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Return what adds the headers that keep browsers from guessing, framing and telling."""
    public_url = settings.http.public_url or ""
    headers = dict(_HEADERS)
    if settings.http.tls_certificate is not None or public_url.startswith("https:"):
        headers["Strict-Transport-Security"] = f"max-age={_YEAR_SECONDS}"

    async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Server"] = SERVER
        for name, value in headers.items():
            response.headers.setdefault(name, value)

    return add_headers


def _serving(document: bytes) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def show_description(_request: web.Request) -> web.Response:
        return web.Response(body=document, content_type="application/json")

    return show_description
