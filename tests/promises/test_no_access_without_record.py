"""Promise 3: the log entry is durable before the first byte leaves; if it can't be written, nothing opens."""

from __future__ import annotations

import sqlite3

import pytest

from tests.harness.unwritable import log_unwritable
from tests.harness.vaults import SOMEBODY, RealVault
from vault.domain.event import SERVICE, Action
from vault.errors import Unavailable
from vault.ports.log import EventFilter
from vault.ports.repositories import RecordingFilter
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.list_recordings import list_recordings
from vault.usecases.open_recording import open_recording
from vault.usecases.recorded_events import events_of
from vault.usecases.sign_in import sign_in

CONTENT = b"RIFF" + bytes(100_000)


async def test_the_entry_is_there_before_the_first_byte(real_vault: RealVault) -> None:
    """When `open_recording` returns, another connection already sees the entry; no byte has left yet."""
    async with real_vault.opened() as vault:
        receipt = await real_vault.upload(vault, CONTENT)
        await open_recording(vault, await real_vault.visit(vault), receipt.recording)
    with sqlite3.connect(real_vault.data / "vault.sqlite") as database:
        found = database.execute(
            "SELECT count(*) FROM log_entries WHERE action = 'recording.opened' AND recording = ?",
            (receipt.recording,),
        ).fetchone()
    database.close()
    assert found == (1,)


async def test_one_entry_for_a_session_and_recording(any_vault: RealVault) -> None:
    """Ranges, resumes and readings again by one session are one opening; another session's is another."""
    async with any_vault.opened() as vault:
        receipt = await any_vault.upload(vault, CONTENT)
        visitor = await any_vault.visit(vault)
        for start in (0, 1000, 70_000):
            opened = await open_recording(vault, visitor, receipt.recording)
            assert b"".join([piece async for piece in opened.plaintext(start, start + 10)])
        await open_recording(vault, await any_vault.visit(vault), receipt.recording)
        async with vault.reading() as rows:
            events = await events_of(
                rows, EventFilter(recording=receipt.recording, action=Action.RECORDING_OPENED)
            )
        assert len(events) == 2


async def test_nothing_opens_when_the_log_cannot_be_written(real_vault: RealVault) -> None:
    """Opening, listing, signing in, uploading and receipts fail closed, and destroy nothing."""
    async with real_vault.opened() as vault:
        receipt = await real_vault.upload(vault, CONTENT)
        visitor = await real_vault.visit(vault)
        with log_unwritable(real_vault.data):
            with pytest.raises(Unavailable):
                await open_recording(vault, visitor, receipt.recording)
            with pytest.raises(Unavailable):
                await list_recordings(vault, RecordingFilter(), by=SERVICE)
            with pytest.raises(Unavailable):
                await sign_in(vault, link=real_vault.link, password=real_vault.password, by=SOMEBODY)
            with pytest.raises(Unavailable):
                await real_vault.upload(vault, b"another", name="another.wav")
            with pytest.raises(Unavailable):
                await confirm_receipt(vault, visitor, receipt.recording, receipt.sha256)
        opened = await open_recording(vault, visitor, receipt.recording)
        assert b"".join([piece async for piece in opened.plaintext(0, len(CONTENT))]) == CONTENT
        async with vault.reading() as rows:
            assert len(await rows.recordings.list(RecordingFilter())) == 1


async def test_nothing_opens_when_the_head_cannot_be_kept(real_vault: RealVault) -> None:
    """Without the place where the signed log is kept, nobody is told that an entry is durable."""
    async with real_vault.opened() as vault:
        receipt = await real_vault.upload(vault, CONTENT)
        visitor = await real_vault.visit(vault)
        (real_vault.data / "slots").rename(real_vault.data / "away")
        with pytest.raises(Exception, match="slot") as refused:
            await open_recording(vault, visitor, receipt.recording)
        assert refused.value.code in {"slots_unavailable", "log_unavailable"}  # type: ignore[attr-defined]
        (real_vault.data / "away").rename(real_vault.data / "slots")
