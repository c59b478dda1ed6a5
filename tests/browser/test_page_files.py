"""The page as files over HTTP: a fixed list, strict headers, nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from importlib import resources
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from vault.entrypoints.web import add_page

ASSETS = Path(str(resources.files("vault.entrypoints.web"))) / "assets"
VENDORED = ASSETS / "vendor" / "noble-hashes"
NOT_SERVED = {"page.html", "vendor/noble-hashes/README.md", "vendor/noble-hashes/SHA256SUMS"}
FILES = sorted(str(path.relative_to(ASSETS)) for path in ASSETS.rglob("*") if path.is_file())

Client = TestClient[web.Request, web.Application]


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Client]:
    """Connect to an application that serves the page alone."""
    app = web.Application()
    add_page(app)
    async with TestClient(TestServer(app, host="127.0.0.1")) as client:
        yield client


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_page_forbids_everything_else(client: Client, method: str) -> None:
    """The page comes with a policy that lets it talk to its own service only, and is stored nowhere."""
    async with client.request(method, "/collect") as response:
        body = await response.read()

    policy = response.headers["Content-Security-Policy"].split("; ")
    assert response.status == 200
    assert response.content_type == "text/html"
    assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} <= set(policy)
    assert not any("unsafe" in rule or "*" in rule for rule in policy)
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert bool(body) == (method == "GET")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_the_root_leads_to_the_page(client: Client, method: str) -> None:
    """Whoever knows the vault's name alone gets to the page, below a proxy's path, too."""
    async with client.request(method, "/", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, "collect")
        assert response.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert await response.read() == b""
    async with client.request(method, "/") as followed:
        assert (followed.status, followed.url.path) == (200, "/collect")
    async with client.post("/") as refused:
        assert refused.status == 405


@pytest.mark.parametrize("name", FILES)
async def test_every_file_is_on_the_list(client: Client, name: str) -> None:
    """Each file of the folder is served as it lies there, or is one that is not for browsers."""
    async with client.get(f"/collect/assets/{name}") as response:
        body = await response.read()

    if name in NOT_SERVED:
        assert response.status == 404
    else:
        assert body == (ASSETS / name).read_bytes()
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "no-cache"
        assert response.charset == "utf-8"


@pytest.mark.parametrize(
    "name",
    [
        "../page.py",
        "..%2fpage.py",
        "%2e%2e/__init__.py",
        "vendor/../page.html",
        "/etc/passwd",
        "%2Fetc%2Fpasswd",
        "main.js%00",
        "MAIN.JS",
        "vendor",
        "",
    ],
)
async def test_nothing_else_is_found(client: Client, name: str) -> None:
    """However a name is written, what is not on the list is not there."""
    async with client.get(URL(f"/collect/assets/{name}", encoded=True)) as response:
        assert response.status == 404


async def test_known_asset_is_not_sent_again(client: Client) -> None:
    """A browser that has an asset asks with its tag and gets 304, under the same policy."""
    async with client.get("/collect/assets/main.js") as first:
        tag = first.headers["ETag"]
    async with client.get("/collect/assets/main.js", headers={"If-None-Match": tag}) as again:
        body = await again.read()

    assert (again.status, body) == (304, b"")
    assert again.headers["ETag"] == tag
    assert "Content-Security-Policy" in again.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_page_takes_nothing(client: Client, method: str) -> None:
    """The page can only be read."""
    async with client.request(method, "/collect") as response:
        assert response.status == 405


def test_vendored_files_are_as_published() -> None:
    """What was taken from elsewhere is unchanged, and its licence lies beside it."""
    lines = (VENDORED / "SHA256SUMS").read_text(encoding="ascii").splitlines()
    listed = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}

    found = {
        name: hashlib.sha256((VENDORED / name).read_bytes()).hexdigest()
        for name in {path.name for path in VENDORED.iterdir()} - {"README.md", "SHA256SUMS"}
    }

    assert found == listed
    assert "LICENSE" in found


def test_own_files_carry_no_inline_code() -> None:
    """The page has no script or style in itself, and names no other host."""
    html = (ASSETS / "page.html").read_text(encoding="utf-8")
    own = [path.read_text(encoding="utf-8") for path in (*ASSETS.glob("*.js"), *ASSETS.glob("*.css"))]

    assert "<style" not in html
    assert html.count("<script") == html.count('<script type="module" src="collect/') == 1
    assert not [
        text for text in (html, *own) if "http://" in text or "https://" in text or "innerHTML" in text
    ]
