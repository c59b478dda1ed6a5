"""Browsers that can only download (Firefox, Safari): the visitor alone says that the recording arrived."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.collect_fake import CollectFake, Waiting
from tests.browser.watched_page import status

pytestmark = pytest.mark.asyncio(loop_scope="session")

SignIn = Callable[[Page], Awaitable[None]]
CONTENT = bytes(reversed(range(256))) * 4096


async def test_button_alone_confirms(
    plain_page: Page, fake: CollectFake, sign_in: SignIn, tmp_path: Path
) -> None:
    """The download is the recording; nothing is confirmed until the button is pressed, and then it is."""
    fake.recordings = [Waiting("r1", CONTENT, cut=True)]
    await sign_in(plain_page)

    async with plain_page.expect_download() as downloading:
        await plain_page.get_by_role("button", name="Save (call.wav)").click()
    download = await downloading.value
    await download.save_as(tmp_path / "call.wav")
    confirm = plain_page.get_by_role("button", name="I have it: destroy it here")
    await confirm.wait_for()
    before = fake.receipts()
    await confirm.click()
    await expect(status(plain_page)).to_contain_text("Destroyed here at")

    assert download.suggested_filename == "call.wav"
    assert (tmp_path / "call.wav").read_bytes() == CONTENT
    assert before == []
    assert fake.receipts() == ["receipt r1"]


async def test_saving_again_confirms_nothing(plain_page: Page, fake: CollectFake, sign_in: SignIn) -> None:
    """A download that was lost can be had again, without asking the service, as often as wanted."""
    fake.recordings = [Waiting("r1", CONTENT)]
    await sign_in(plain_page)
    async with plain_page.expect_download():
        await plain_page.get_by_role("button", name="Save (call.wav)").click()

    async with plain_page.expect_download() as downloading:
        await plain_page.get_by_role("button", name="Save it again").click()
    again = await (await downloading.value).path()

    assert again.read_bytes() == CONTENT
    assert [what for what in fake.asked if what.startswith("content")] == ["content r1 from 0"]
    assert fake.receipts() == []


async def test_large_ones_are_warned_of(plain_page: Page, fake: CollectFake, sign_in: SignIn) -> None:
    """Above a gibibyte the page first says what this browser may not manage, and fetches nothing."""
    fake.recordings = [Waiting("r1", CONTENT, bytes=3 * 2**30)]
    await sign_in(plain_page)

    await plain_page.get_by_role("button", name="Save (call.wav)").click()
    await expect(status(plain_page)).to_contain_text("all 3.2 GB")
    await plain_page.get_by_role("button", name="Not now").click()

    await expect(plain_page.get_by_role("button", name="Save (call.wav)")).to_be_visible()
    assert not [what for what in fake.asked if what.startswith("content")]
