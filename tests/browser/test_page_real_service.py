"""The page against the real service: a vault with database, slots and blobs, behind the real HTTP door."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.watched_page import NO_SAVE_DIALOG, SAVE_DIALOG, status, watched_page
from tests.harness.vaults import RealVault
from vault.audit.certificate import DestructionCertificate
from vault.domain.names import RecordingId
from vault.domain.recording import RecordingState
from vault.entrypoints.http.app import create_app
from vault.entrypoints.http.connection import Door
from vault.ports.vault import Vault

pytestmark = pytest.mark.asyncio(loop_scope="session")

CONTENT = os.urandom(300_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@asynccontextmanager
async def _served(real_vault: RealVault) -> AsyncIterator[tuple[Vault, str]]:
    """Serve the vault on a port of its own; yield it and its origin."""
    async with real_vault.opened() as vault:
        door = Door(create_app(vault, real_vault.settings))
        listener = socket.create_server(("127.0.0.1", 0))
        await door.open(listener)
        try:
            yield vault, f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            await door.close(within_seconds=5)


async def _sign_in(page: Page, origin: str, real_vault: RealVault, password: str | None = None) -> None:
    await page.goto(f"{origin}/collect#{real_vault.link}")
    await page.get_by_label("Retrieval password").fill(password or real_vault.password)
    await page.get_by_role("button", name="Sign in").click()


async def _state(vault: Vault, recording: RecordingId) -> RecordingState:
    async with vault.reading() as rows:
        found = await rows.recordings.get(recording)
    assert found is not None
    return found.state


async def test_saved_confirmed_destroyed(chromium: Browser, real_vault: RealVault, tmp_path: Path) -> None:
    """From link to certificate: the file is whole, its receipt follows the closing, the key is gone."""
    async with _served(real_vault) as (vault, origin), watched_page(chromium, origin, SAVE_DIALOG) as page:
        receipt = await real_vault.upload(vault, CONTENT)
        await _sign_in(page, origin, real_vault)
        await page.get_by_role("button", name="Save (call.wav)").click()
        await expect(status(page)).to_contain_text("Destroyed here at")
        async with page.expect_download() as downloading:
            await page.get_by_role("button", name="Save the certificate").click()
        await (await downloading.value).save_as(tmp_path / "certificate")

        certificate = DestructionCertificate.verify(
            (tmp_path / "certificate").read_bytes(), vault.keys.verifier
        )
        assert certificate.recording == receipt.recording
        assert await page.evaluate("window.witnessed") == ["closed", "receipt"]
        assert await page.evaluate("window.savedDigest()") == DIGEST
        assert await _state(vault, receipt.recording) is RecordingState.SHREDDED
        await page.get_by_role("button", name="Sign out").click()
        await _sign_in(page, origin, real_vault)
        await expect(page.get_by_text("Nothing is waiting for you.")).to_be_visible()


async def test_full_disk_leaves_it_waiting(chromium: Browser, real_vault: RealVault) -> None:
    """A file that can't be closed for want of space leaves the recording waiting in the vault."""
    async with _served(real_vault) as (vault, origin), watched_page(chromium, origin, SAVE_DIALOG) as page:
        receipt = await real_vault.upload(vault, CONTENT)
        await _sign_in(page, origin, real_vault)
        await page.evaluate("window.dialogPlan = 'fail at close'")
        await page.get_by_role("button", name="Save (call.wav)").click()
        await expect(status(page)).to_contain_text("Your disk is full. Nothing was destroyed")

        assert await page.evaluate("window.witnessed") == []
        assert await _state(vault, receipt.recording) is RecordingState.WAITING


async def test_button_destroys(chromium: Browser, real_vault: RealVault) -> None:
    """Where the browser only downloads, the recording waits until the visitor says that it arrived."""
    async with _served(real_vault) as (vault, origin), watched_page(chromium, origin, NO_SAVE_DIALOG) as page:
        receipt = await real_vault.upload(vault, CONTENT)
        await _sign_in(page, origin, real_vault)
        async with page.expect_download() as downloading:
            await page.get_by_role("button", name="Save (call.wav)").click()
        saved = await (await downloading.value).path()
        confirm = page.get_by_role("button", name="I have it: destroy it here")
        await confirm.wait_for()

        before = await _state(vault, receipt.recording)
        await confirm.click()
        await expect(status(page)).to_contain_text("Destroyed here at")

        assert saved.read_bytes() == CONTENT
        assert before is RecordingState.WAITING
        assert await _state(vault, receipt.recording) is RecordingState.SHREDDED


async def test_wrong_password_opens_nothing(chromium: Browser, real_vault: RealVault) -> None:
    """Six other words get the one message, and no list."""
    async with _served(real_vault) as (_, origin), watched_page(chromium, origin, SAVE_DIALOG) as page:
        await _sign_in(page, origin, real_vault, password="one two three four five six")

        await expect(page.get_by_role("alert").filter(has_text="Check the six words")).to_be_visible()
        await expect(page.get_by_role("heading", name="Recordings waiting for you")).to_be_hidden()
