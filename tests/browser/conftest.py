"""A real Chromium, the page in it, and the small service that it talks to."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from aiohttp.test_utils import BaseTestServer, TestServer
from playwright.async_api import Browser, Page, async_playwright

from tests.browser.collect_fake import LINK, PASSWORD, CollectFake
from tests.browser.watched_page import ARGUMENTS, NO_SAVE_DIALOG, SAVE_DIALOG, watched_page


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Start Debian's Chromium, once."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("there is no chromium on PATH (deploy/system_packages.py installs it)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program, headless=True, args=list(ARGUMENTS)
        )
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def service() -> AsyncIterator[tuple[CollectFake, BaseTestServer]]:
    """Serve the fake on a port of its own."""
    fake = CollectFake()
    async with TestServer(fake.app(), host="127.0.0.1") as server:
        yield fake, server


@pytest.fixture
def fake(service: tuple[CollectFake, BaseTestServer]) -> CollectFake:
    """Return what the service is told and was asked."""
    return service[0]


@pytest.fixture
def origin(service: tuple[CollectFake, BaseTestServer]) -> str:
    """Return where the service is."""
    return str(service[1].make_url("/")).rstrip("/")


@pytest_asyncio.fixture(loop_scope="session")
async def page(chromium: Browser, origin: str) -> AsyncIterator[Page]:
    """Open a page whose browser writes files itself; the save dialog is answered at once."""
    async with watched_page(chromium, origin, SAVE_DIALOG) as page:
        yield page


@pytest_asyncio.fixture(loop_scope="session")
async def plain_page(chromium: Browser, origin: str) -> AsyncIterator[Page]:
    """Open a page in a browser that can only download, as Firefox and Safari."""
    async with watched_page(chromium, origin, NO_SAVE_DIALOG) as page:
        yield page


@pytest.fixture
def sign_in(origin: str) -> Callable[[Page], Awaitable[None]]:
    """Return how a page signs in by its link, up to the list."""

    async def by_link(page: Page) -> None:
        await page.goto(f"{origin}/collect#{LINK}")
        await page.get_by_label("Retrieval password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("heading", name="Recordings waiting for you").wait_for()

    return by_link
