"""A page in Chromium, watched: what it must never do fails the test that it did it in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.async_api import Browser, Locator, Page

SAVE_DIALOG = Path(__file__).with_name("save_dialog.js").read_text(encoding="utf-8")
NO_SAVE_DIALOG = "delete window.showSaveFilePicker; delete Window.prototype.showSaveFilePicker;"
_WATCH_POLICY = """document.addEventListener("securitypolicyviolation",
    (event) => console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI}`));"""
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
_PROMPTLY_MS = 15_000


@dataclass(slots=True)
class Watched:
    """A page and what it must not do: ask another host, break its own policy, throw."""

    page: Page
    origin: str
    wrongs: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Note every wrong from here on."""
        self.page.context.on("request", lambda request: self._check_address(request.url))
        self.page.on("pageerror", lambda error: self.wrongs.append(f"threw {error}"))
        self.page.on("console", lambda message: self._check_message(message.text))

    def _check_address(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"blob", "data"}:
            return
        if f"{parts.scheme}://{parts.netloc}" != self.origin:
            self.wrongs.append(f"asked {url}")

    def _check_message(self, text: str) -> None:
        if "policy violated" in text or "Content Security Policy" in text or "TrustedScript" in text:
            self.wrongs.append(text)


@asynccontextmanager
async def watched_page(browser: Browser, origin: str, *scripts: str) -> AsyncIterator[Page]:
    """Open an empty page; on leaving, fail the test for everything that it did wrong."""
    context = await browser.new_context(
        locale="en-GB", timezone_id="Europe/London", reduced_motion="reduce", accept_downloads=True
    )
    context.set_default_timeout(_PROMPTLY_MS)
    for script in (_WATCH_POLICY, *scripts):
        await context.add_init_script(script)
    page = await context.new_page()
    watched = Watched(page, origin)
    watched.watch()
    yield page
    cookies = await context.cookies()
    await context.close()
    assert watched.wrongs == []
    assert cookies == []


def status(page: Page) -> Locator:
    """Return what the page says of the only recording in its list."""
    return page.locator('tbody [data-part="status"]')
