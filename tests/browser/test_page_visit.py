"""A visit: signing in, seeing what waits, signing out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, expect

from tests.browser.collect_fake import CUSTOMER, LINK, PASSWORD, CollectFake, Waiting
from tests.browser.watched_page import SAVE_DIALOG, watched_page

pytestmark = pytest.mark.asyncio(loop_scope="session")

SignIn = Callable[[Page], Awaitable[None]]


async def test_link_leaves_the_address_bar(
    page: Page, fake: CollectFake, sign_in: SignIn, origin: str
) -> None:
    """The link's token signs in, and stays in no address, history or storage."""
    await sign_in(page)

    assert page.url == f"{origin}/collect"
    assert fake.bodies == [{"link": LINK, "password": PASSWORD}]
    kept = await page.evaluate("[localStorage.length, sessionStorage.length, history.length]")
    assert kept[:2] == [0, 0]
    await page.go_back()
    assert LINK not in page.url


async def test_signs_in_by_name_and_keyboard(page: Page, fake: CollectFake, origin: str) -> None:
    """Without a link the customer's name does, and the keyboard alone is enough up to the certificate."""
    fake.recordings = [Waiting("r1", b"one")]
    await page.goto(f"{origin}/collect")
    await page.keyboard.type(CUSTOMER)
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    save = page.get_by_role("button", name="Save (call.wav)")
    await save.wait_for()

    for _ in range(8):
        await page.keyboard.press("Tab")
        if await save.evaluate("(button) => button === document.activeElement"):
            break
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("button", name="Save the certificate")).to_be_focused()
    assert fake.bodies == [{"customer": CUSTOMER, "password": PASSWORD}]


async def test_wrong_password_says_one_thing(page: Page, fake: CollectFake, origin: str) -> None:
    """An unknown name and a wrong password read the same, and the form stays usable."""
    said = []
    for customer in (CUSTOMER, "nobody"):
        await page.goto(f"{origin}/collect")
        await page.get_by_label("Customer name").fill(customer)
        await page.get_by_label("Retrieval password").fill("wrong words")
        await page.get_by_role("button", name="Sign in").click()
        problem = page.get_by_role("alert").filter(has_text="Check the customer name")
        await problem.wait_for()
        said.append(await problem.text_content())

    assert said[0] == said[1]
    assert await page.locator("#signin-submit").is_enabled()


async def test_too_many_tries_says_when(page: Page, fake: CollectFake, origin: str) -> None:
    """A 429 tells how long to wait, as the service said."""
    fake.sign_in_problem = (429, "too_many_guesses", {"Retry-After": "600"})
    await page.goto(f"{origin}/collect#{LINK}")
    await page.get_by_label("Retrieval password").fill(PASSWORD)

    await page.get_by_role("button", name="Sign in").click()

    await expect(page.get_by_role("alert").filter(has_text="in 10 minutes, at ")).to_be_visible()


async def test_password_leaves_the_page(page: Page, fake: CollectFake, sign_in: SignIn) -> None:
    """Once signed in, the password is in no field any more."""
    await sign_in(page)

    assert await page.locator("#password").input_value() == ""


async def test_call_details_are_shown_as_they_came(page: Page, fake: CollectFake, sign_in: SignIn) -> None:
    """Times are in the visitor's zone, numbers as they came, and what is unknown is said to be."""
    fake.recordings = [
        Waiting(
            "r1",
            b"x" * 1_234_567,
            call={
                "calling": ["+441632960001", "101"],
                "called": "01632 960002",
                "diverted_by": ["+441632960003"],
                "started_at": "2026-07-01T11:30:00Z",
                "duration_seconds": 192.4,
                "direction": "inbound",
                "agent": "204",
            },
        ),
        Waiting("r2", b"y", file_name=None),
    ]
    await sign_in(page)

    first, second = await page.locator("tbody tr").all()
    await expect(first).to_contain_text("1 Jul 2026, 12:30")
    await expect(first).to_contain_text("Inbound · 3 min 12 s")
    await expect(first).to_contain_text("+441632960001, 101")
    await expect(first).to_contain_text("diverted by +441632960003")
    await expect(first).to_contain_text("1.2 MB")
    await expect(second).to_contain_text("unknown")
    await expect(second).to_contain_text("Recording r2")
    await expect(page.locator("#zone")).to_have_text("Europe/London")


async def test_pages_and_new_ones(page: Page, fake: CollectFake, sign_in: SignIn) -> None:
    """More pages come below, new recordings above, and none is shown twice."""
    fake.page_items = 2
    fake.recordings = [Waiting(f"r{n}", b"x", file_name=f"{n}.wav") for n in range(5)]
    await sign_in(page)
    names = page.locator("tbody bdi.name")
    await expect(names).to_have_text(["0.wav", "1.wav"])

    await page.get_by_role("button", name="Show more").click()
    await expect(names).to_have_text(["0.wav", "1.wav", "2.wav", "3.wav"])
    fake.recordings = [Waiting(f"n{n}", b"x", file_name=f"new {n}.wav") for n in range(3)] + fake.recordings
    await page.get_by_role("button", name="Look for new ones").click()

    await expect(names).to_have_text(
        ["new 0.wav", "new 1.wav", "new 2.wav", "0.wav", "1.wav", "2.wav", "3.wav"]
    )


async def test_looking_again_offline_is_told(page: Page, fake: CollectFake, sign_in: SignIn) -> None:
    """A list that can't be renewed says so, offers no other password, and takes it back once it could."""
    await sign_in(page)
    look, banner = page.get_by_role("button", name="Look for new ones"), page.locator("#banner")

    await page.context.set_offline(True)
    await look.click()

    await expect(banner).to_have_text(
        "The service can\u2019t be reached. Check your connection.", use_inner_text=True
    )
    await page.context.set_offline(False)
    await look.click()
    await expect(banner).to_be_hidden()
    assert fake.asked == ["sign in", "list 0", "list 0"]


async def test_nothing_waits(page: Page, fake: CollectFake, sign_in: SignIn) -> None:
    """An empty list says so instead of showing an empty table."""
    await sign_in(page)

    await expect(page.get_by_text("Nothing is waiting for you.")).to_be_visible()
    await expect(page.get_by_role("table")).to_be_hidden()


async def test_sign_out_ends_the_session(page: Page, fake: CollectFake, sign_in: SignIn) -> None:
    """Signing out tells the service, and shows nothing of the list any more."""
    fake.recordings = [Waiting("r1", b"x")]
    await sign_in(page)

    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("heading", name="Collect your call recordings").wait_for()

    assert fake.asked[-1] == "sign out"
    assert await page.locator("tbody tr").count() == 0


async def test_leaving_ends_the_session(page: Page, fake: CollectFake, sign_in: SignIn, origin: str) -> None:
    """A page that is left behind leaves no session behind."""
    await sign_in(page)

    await page.goto(f"{origin}/collect/assets/icon.svg")

    await asyncio.wait_for(fake.signed_out.wait(), 10)


async def test_ended_session_asks_to_sign_in(page: Page, fake: CollectFake, sign_in: SignIn) -> None:
    """A session that ended meanwhile is said to have ended, destroys nothing, and one can sign in again."""
    fake.recordings = [Waiting("r1", b"x")]
    await sign_in(page)
    fake.session_over = True

    await page.get_by_role("button", name="Save (call.wav)").click()
    await page.get_by_role("button", name="Sign in again").click()
    fake.session_over = False
    await page.get_by_label("Retrieval password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()

    await expect(page.get_by_role("button", name="Save (call.wav)")).to_be_visible()
    assert fake.receipts() == []


async def test_fits_a_phone(page: Page, fake: CollectFake, sign_in: SignIn) -> None:
    """At 390 pixels nothing runs out of the page sideways, however long a name is."""
    fake.recordings = [Waiting("r1", b"x", file_name="w" * 200 + ".wav")]
    await page.set_viewport_size({"width": 390, "height": 844})
    await sign_in(page)

    assert await page.evaluate("document.documentElement.scrollWidth") <= 390


async def test_works_below_a_path(chromium: Browser, fake: CollectFake) -> None:
    """A service behind a proxy that puts it below a path still finds its files and its API."""
    outer = web.Application()
    outer.add_subapp("/calls", fake.app())
    async with TestServer(outer, host="127.0.0.1") as server:
        origin = str(server.make_url("/")).rstrip("/")
        async with watched_page(chromium, origin, SAVE_DIALOG) as page:
            await page.goto(f"{origin}/calls/collect#{LINK}")
            await page.get_by_label("Retrieval password").fill(PASSWORD)
            await page.get_by_role("button", name="Sign in").click()
            await expect(page.get_by_text("Nothing is waiting for you.")).to_be_visible()


async def test_digest_vectors(page: Page, origin: str) -> None:
    """The digests of NIST's examples for FIPS 180-4, by the page's own module in the browser."""
    await page.goto(f"{origin}/collect")

    found = await page.evaluate(
        """async () => {
            const { digestOf } = await import("/collect/assets/hash.js");
            const two = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
            const texts = ["", "abc", two, "a".repeat(1000000)];
            return Promise.all(texts.map((text) => digestOf(new Blob([text]), new AbortController().signal)));
        }"""
    )

    assert found == [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
    ]
