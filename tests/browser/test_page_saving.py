"""Saving a recording straight to the disk: confirmed by itself, and never before the file is closed."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Dialog, Page, expect

from tests.browser.collect_fake import ETAG, PASSWORD, CollectFake, Waiting
from tests.browser.watched_page import status

pytestmark = pytest.mark.asyncio(loop_scope="session")

SignIn = Callable[[Page], Awaitable[None]]
CONTENT = bytes(range(256)) * 4096  # 1 MiB
DIGEST = hashlib.sha256(CONTENT).hexdigest()


async def _save(page: Page) -> None:
    await page.get_by_role("button", name="Save (call.wav)").click()


async def test_confirms_after_the_file_is_closed(page: Page, fake: CollectFake, sign_in: SignIn) -> None:
    """The receipt goes out once the file is closed, and what is in the file is the recording."""
    fake.recordings = [Waiting("r1", CONTENT)]
    await sign_in(page)

    await _save(page)
    await expect(status(page)).to_contain_text("Destroyed here at 22 Nov 2026, 10:15:30")

    assert await page.evaluate("window.witnessed") == ["closed", "receipt"]
    assert await page.evaluate("window.savedDigest()") == DIGEST
    assert fake.receipts() == ["receipt r1"]


async def test_certificate_is_saved_as_it_came(
    page: Page, fake: CollectFake, sign_in: SignIn, tmp_path: Path
) -> None:
    """The certificate's file is the proof, byte for byte, and the page tells its snapshot horizon."""
    fake.recordings = [Waiting("r1", CONTENT)]
    await sign_in(page)
    await _save(page)

    async with page.expect_download() as downloading:
        await page.get_by_role("button", name="Save the certificate").click()
    download = await downloading.value
    await download.save_as(tmp_path / "certificate")

    assert download.suggested_filename == "certificate-r1.tlog-proof"
    assert (tmp_path / "certificate").read_text(encoding="utf-8") == fake.certificate("r1")
    await expect(status(page)).to_contain_text("14 days")


async def test_failing_close_confirms_nothing(page: Page, fake: CollectFake, sign_in: SignIn) -> None:
    """A disk that turns out full when the file is closed: no receipt, and the recording still waits."""
    fake.recordings = [Waiting("r1", CONTENT)]
    await sign_in(page)
    await page.evaluate("window.dialogPlan = 'fail at close'")

    await _save(page)

    await expect(status(page)).to_contain_text("Your disk is full. Nothing was destroyed")
    assert fake.receipts() == []
    assert await page.evaluate("window.witnessed") == []


async def test_truly_full_disk_confirms_nothing(
    page: Page, fake: CollectFake, sign_in: SignIn, origin: str
) -> None:
    """The browser's own quota runs out while writing: no receipt, and trying again with space works."""
    fake.recordings = [Waiting("r1", CONTENT)]
    await sign_in(page)
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Storage.overrideQuotaForOrigin", {"origin": origin, "quotaSize": 100_000})

    await _save(page)
    await expect(status(page)).to_contain_text("Nothing was destroyed")
    assert fake.receipts() == []

    await devtools.send("Storage.overrideQuotaForOrigin", {"origin": origin})
    await page.get_by_role("button", name="Try again").click()
    await expect(status(page)).to_contain_text("Destroyed here at")
    assert await page.evaluate("window.savedDigest()") == DIGEST


async def test_resumes_after_a_break(page: Page, fake: CollectFake, sign_in: SignIn) -> None:
    """A cut connection is continued where it broke, bound to the same content, and the file is whole."""
    arrived = asyncio.Event()
    fake.recordings = [Waiting("r1", CONTENT, gate=arrived, cut=True)]
    await sign_in(page)

    await _save(page)
    await expect(status(page)).to_contain_text("kB of 1.0 MB")
    arrived.set()
    await expect(status(page)).to_contain_text("Destroyed here at")

    _first, again = [what for what in fake.asked if what.startswith("content")]
    assert 0 < int(again.removeprefix("content r1 from ")) <= len(CONTENT) // 2
    assert fake.if_ranges == [None, ETAG]
    assert await page.evaluate("window.savedDigest()") == DIGEST


async def test_other_content_after_a_break_confirms_nothing(
    page: Page, fake: CollectFake, sign_in: SignIn
) -> None:
    """A service that begins anew after a break, instead of going on, gets no receipt for a patchwork."""
    arrived = asyncio.Event()
    fake.recordings = [Waiting("r1", CONTENT, gate=arrived, cut=True, ranges=False)]
    await sign_in(page)

    await _save(page)
    await expect(status(page)).to_contain_text("kB of 1.0 MB")
    arrived.set()

    await expect(status(page)).to_contain_text("Nothing was destroyed")
    assert fake.receipts() == []


async def test_cancel_confirms_nothing(page: Page, fake: CollectFake, sign_in: SignIn) -> None:
    """Stopping half-way leaves the recording where it was."""
    fake.recordings = [Waiting("r1", CONTENT, gate=asyncio.Event())]
    await sign_in(page)

    await _save(page)
    await page.get_by_role("button", name="Cancel").click()

    await expect(status(page)).to_contain_text("You stopped saving. Nothing was destroyed")
    assert fake.receipts() == []


async def test_dismissed_dialog_changes_nothing(page: Page, fake: CollectFake, sign_in: SignIn) -> None:
    """Whoever closes the save dialog without a choice can press Save again; nothing was asked for."""
    fake.recordings = [Waiting("r1", CONTENT)]
    await sign_in(page)
    await page.evaluate("window.dialogPlan = 'dismiss'")

    await _save(page)

    await expect(page.get_by_role("button", name="Save (call.wav)")).to_be_visible()
    assert not [what for what in fake.asked if what.startswith("content")]


async def test_closing_the_tab_is_warned_of(page: Page, fake: CollectFake, sign_in: SignIn) -> None:
    """While a recording is being saved the browser asks before it closes the page; nothing is confirmed."""
    fake.recordings = [Waiting("r1", CONTENT, gate=asyncio.Event())]
    await sign_in(page)
    await _save(page)
    await page.get_by_role("button", name="Cancel").wait_for()
    asked: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def close(dialog: Dialog) -> None:
        asked.set_result(dialog.type)
        await dialog.accept()

    page.on("dialog", close)
    await page.close(run_before_unload=True)

    assert await asyncio.wait_for(asked, 10) == "beforeunload"
    assert fake.receipts() == []


async def test_receipt_is_repeated_when_the_service_is_busy(
    page: Page, fake: CollectFake, sign_in: SignIn
) -> None:
    """A receipt that meets a 503 is sent again; one that is refused waits for the visitor."""
    fake.recordings = [Waiting("r1", CONTENT, problems=[(503, "unavailable"), (404, "not_found")])]
    await sign_in(page)

    await _save(page)
    await page.get_by_role("button", name="Confirm again").click()
    await expect(status(page)).to_contain_text("Destroyed here at")

    assert fake.receipts() == ["receipt r1"] * 3


async def test_saved_file_is_confirmed_in_a_later_session(
    page: Page, fake: CollectFake, sign_in: SignIn
) -> None:
    """A session that ends between saving and confirming costs a new sign-in, not a second download."""
    fake.recordings = [Waiting("r1", CONTENT, problems=[(401, "access_denied")])]
    await sign_in(page)

    await _save(page)
    await page.get_by_role("button", name="Sign in again").click()
    await page.get_by_label("Retrieval password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.get_by_role("button", name="Confirm again").click()
    await expect(status(page)).to_contain_text("Destroyed here at")

    assert [what for what in fake.asked if what.startswith("content")] == ["content r1 from 0"]
    assert fake.receipts() == ["receipt r1"] * 2


async def test_wrong_file_is_said_plainly(page: Page, fake: CollectFake, sign_in: SignIn) -> None:
    """A digest that is not the recording's destroys nothing, and the page says what to do."""
    fake.recordings = [Waiting("r1", CONTENT, problems=[(409, "digest_mismatch")])]
    await sign_in(page)

    await _save(page)

    await expect(status(page)).to_contain_text("nothing was destroyed and the recording still waits")
    await expect(page.get_by_role("button", name="Try again")).to_be_visible()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("held", "Kept here by a legal hold"),
        ("retained", "Kept here by your company"),
        ("pending", "Being destroyed"),
    ],
)
async def test_what_is_kept_is_not_called_destroyed(
    page: Page, fake: CollectFake, sign_in: SignIn, state: str, words: str
) -> None:
    """A hold, an instruction or a mirror that is away: the page says so, and claims no destruction."""
    fake.recordings = [Waiting("r1", CONTENT, answer=state)]
    await sign_in(page)

    await _save(page)

    await expect(status(page)).to_contain_text(words)
    await expect(status(page)).not_to_contain_text("Destroyed here")
    await expect(page.get_by_role("button", name="Save the certificate")).to_have_count(0)


async def test_hostile_names_are_made_safe(page: Page, fake: CollectFake, sign_in: SignIn) -> None:
    """A name that climbs folders, turns its direction or carries markup is text, and saved plainly."""
    name = "../<img src=x onerror=alert(1)>\u202egpj.wav"
    fake.recordings = [Waiting("r1", CONTENT, file_name=name)]
    await sign_in(page)
    await expect(page.locator("tbody bdi.name")).to_have_text(name)

    await page.locator("tbody button").click()
    await expect(status(page)).to_contain_text("Destroyed here at")

    assert await page.evaluate("window.suggestedName") == "__img src=x onerror=alert(1)__gpj.wav"
    assert await page.locator("tbody img").count() == 0
