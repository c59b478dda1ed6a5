"""The customer's page over HTTP: `GET /collect` and its assets, from a fixed list that is read once.

`/` leads to it: so whoever knows no more than the vault's name finds the page.

Nothing that a visitor sends reaches a path: names are looked up among the assets, and are found or not. The
page holds nothing secret, so everybody may have it; who may collect, the collect API decides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from importlib import resources

from aiohttp import web

_PAGE = "page.html"
_VENDOR = "vendor/noble-hashes"
_TYPES = {
    "page.css": "text/css",
    "icon.svg": "image/svg+xml",
    **dict.fromkeys(
        (
            "api.js",
            "certificate.js",
            "collect.js",
            "hash.js",
            "list.js",
            "main.js",
            "outcome.js",
            "patience.js",
            "row.js",
            "save.js",
            "signin.js",
            "stream.js",
            "words.js",
            f"{_VENDOR}/_md.js",
            f"{_VENDOR}/_u64.js",
            f"{_VENDOR}/sha2.js",
            f"{_VENDOR}/utils.js",
        ),
        "text/javascript",
    ),
    f"{_VENDOR}/LICENSE": "text/plain",
}

# CSP Level 3. The page writes text only, so no script may ever come from a string (Trusted Types).
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_UNUSED_FEATURES = ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _UNUSED_FEATURES),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the page, as it is sent. `etag` is opaque and changes with the content."""

    body: bytes
    content_type: str
    etag: str

    @classmethod
    def read(cls, name: str, content_type: str) -> Asset:
        """Read a file of this package; raise `FileNotFoundError` at start rather than serve a broken page."""
        body = resources.files(__package__).joinpath("assets", *name.split("/")).read_bytes()
        return cls(body, content_type, hashlib.sha256(body).hexdigest()[:32])

    def response(self, cache_control: str) -> web.Response:
        """Return it as an answer."""
        headers = {**_HEADERS, "Cache-Control": cache_control}
        return web.Response(body=self.body, content_type=self.content_type, charset="utf-8", headers=headers)


_FILES: web.AppKey[Mapping[str, Asset]] = web.AppKey("page files", Mapping)


def add_page(app: web.Application) -> None:
    """Read the page's files, and serve them at `/collect` and `/collect/assets/{name}`; `/` leads there."""
    listed = {_PAGE: "text/html", **_TYPES}
    app[_FILES] = {name: Asset.read(name, content_type) for name, content_type in listed.items()}
    app.router.add_get("/", _lead_to_page)
    app.router.add_get("/collect", _show_page)
    app.router.add_get("/collect/assets/{name:.+}", _show_asset)


async def _lead_to_page(_request: web.Request) -> web.Response:
    # Relative (RFC 9110, 10.2.2), so that it holds below a proxy's path, too; a fragment is taken along.
    headers = {**_HEADERS, "Cache-Control": "no-store", "Location": "collect"}
    return web.Response(status=HTTPStatus.SEE_OTHER, headers=headers)


async def _show_page(request: web.Request) -> web.Response:
    return request.app[_FILES][_PAGE].response("no-store")


async def _show_asset(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name not in _TYPES:
        raise web.HTTPNotFound(headers=_HEADERS)
    # Asked anew each time and answered with 304, so that page and modules are always of one version.
    return _unless_known(request, request.app[_FILES][name])


def _unless_known(request: web.Request, asset: Asset) -> web.Response:
    known = request.if_none_match or ()
    if any(etag.value in {asset.etag, "*"} for etag in known):
        response = web.Response(
            status=HTTPStatus.NOT_MODIFIED, headers={**_HEADERS, "Cache-Control": "no-cache"}
        )
    else:
        response = asset.response("no-cache")
    response.etag = asset.etag
    return response
