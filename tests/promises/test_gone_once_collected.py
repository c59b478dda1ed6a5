"""Promise 4: confirmed collection destroys the recording's key; no copy brings it back."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from keys.age import FileKey
from keys.errors import SlotDestroyed
from tests.harness.vaults import RealVault, sha256
from vault.app.mirrors import add_mirror
from vault.app.opening import open_vault
from vault.domain.names import RecordingId, Sha256
from vault.errors import Collected, LogBehind
from vault.ports.vault import Vault
from vault.usecases.confirm_receipt import ReceiptState, confirm_receipt
from vault.usecases.delete_blobs import delete_queued_blobs
from vault.usecases.open_recording import open_recording
from vault.usecases.recover import recover

CONTENT = os.urandom(200_000)


async def file_key_of(real_vault: RealVault, vault: Vault, recording: RecordingId) -> FileKey:
    """Return the file key as the customer gets it while the recording waits."""
    return (await open_recording(vault, await real_vault.visit(vault), recording)).file_key


def occurrences(folder: Path, needle: bytes) -> list[str]:
    """Name every file below `folder` that holds these bytes."""
    return [str(path) for path in folder.rglob("*") if path.is_file() and needle in path.read_bytes()]


def blobs_in(data: Path) -> list[str]:
    """Name the payloads in the store: the files in its two-letter folders."""
    return [path.name for path in (data / "blobs").glob("??/*")]


async def test_nothing_opens_a_collected_recording(any_vault: RealVault) -> None:
    """After the receipt the same session and a new one are both told that it was collected."""
    async with any_vault.opened() as vault:
        receipt = await any_vault.upload(vault, CONTENT)
        visitor = await any_vault.visit(vault)
        answer = await confirm_receipt(vault, visitor, receipt.recording, receipt.sha256)
        assert answer.state is ReceiptState.SHREDDED
        for again in (visitor, await any_vault.visit(vault)):
            with pytest.raises(Collected):
                await open_recording(vault, again, receipt.recording)


async def test_no_file_holds_the_keys_afterwards(real_vault: RealVault) -> None:
    """Neither the slot's nor the file key's bytes lie in any file of the vault after the shred."""
    async with real_vault.opened() as vault:
        receipt = await real_vault.upload(vault, CONTENT)
        async with vault.reading() as rows:
            row = await rows.recordings.get(receipt.recording)
            header = await rows.recordings.header(receipt.recording)
        assert row is not None
        assert header is not None
        slot = (await vault.slots.read(row.slot)).reveal()
        file_key = await file_key_of(real_vault, vault, receipt.recording)
        assert occurrences(real_vault.data, slot), "the slot must be found while it is alive"
        visitor = await real_vault.visit(vault)
        await confirm_receipt(vault, visitor, receipt.recording, receipt.sha256)
        await delete_queued_blobs(vault)
        assert occurrences(real_vault.data, slot) == []
        assert occurrences(real_vault.data, file_key.secret.reveal()) == []
        await vault.database.tidy()
        assert occurrences(real_vault.data, header[64:128]) == []


async def test_yesterdays_copy_with_the_password_opens_nothing(real_vault: RealVault, tmp_path: Path) -> None:
    """Database and blobs of before, today's slots and the right password: the recording stays shut."""
    async with real_vault.opened() as vault:
        receipt = await real_vault.upload(vault, CONTENT)
    yesterday = tmp_path / "yesterday"
    shutil.copytree(real_vault.data, yesterday, ignore=shutil.ignore_patterns("slots"))
    async with real_vault.opened() as vault:
        visitor = await real_vault.visit(vault)
        await confirm_receipt(vault, visitor, receipt.recording, receipt.sha256)
    copy = real_vault.copied_to(tmp_path / "copy")
    shutil.copytree(yesterday, copy.data, dirs_exist_ok=True)
    # The checkpoint beside the slots would refuse the copy; a thief does without it.
    (copy.data / "slots" / "head").write_bytes(bytes((copy.data / "slots" / "head").stat().st_size))
    async with open_vault(copy.settings) as vault:
        visitor = await copy.visit(vault)
        with pytest.raises(Collected):
            await open_recording(vault, visitor, receipt.recording)
        async with vault.reading() as rows:
            row = await rows.recordings.get(receipt.recording)
            header = await rows.recordings.header(receipt.recording)
        assert row is not None
        assert header is not None, "yesterday's header is there, and worth nothing"
        with pytest.raises(SlotDestroyed):
            await vault.slots.read(row.slot)


async def test_a_restored_database_does_not_open(real_vault: RealVault, tmp_path: Path) -> None:
    """Yesterday's database beside today's slots is refused before it could zero a slot or fork the log."""
    async with real_vault.opened() as vault:
        await real_vault.upload(vault, CONTENT)
    yesterday = tmp_path / "yesterday"
    shutil.copytree(real_vault.data, yesterday, ignore=shutil.ignore_patterns("slots"))
    async with real_vault.opened() as vault:
        kept = await real_vault.upload(vault, b"uploaded after the copy", name="later.wav")
        async with vault.reading() as rows:
            row = await rows.recordings.get(kept.recording)
        assert row is not None
    before = {path: path.read_bytes() for path in (real_vault.data / "slots").iterdir()}
    for stale in real_vault.data.glob("vault.sqlite*"):
        stale.unlink()
    shutil.copytree(yesterday, real_vault.data, dirs_exist_ok=True)
    with pytest.raises(LogBehind):
        async with open_vault(real_vault.settings) as vault:
            await recover(vault)
    assert {path: path.read_bytes() for path in (real_vault.data / "slots").iterdir()} == before


async def test_older_slots_bring_nothing_back(real_vault: RealVault, tmp_path: Path) -> None:
    """The reverse: yesterday's slots beside today's database are zeroed again at start."""
    async with real_vault.opened() as vault:
        receipt = await real_vault.upload(vault, CONTENT)
        living = await real_vault.upload(vault, b"another that lives on", name="lives.wav")
    shutil.copytree(real_vault.data / "slots", tmp_path / "slots")
    async with real_vault.opened() as vault:
        visitor = await real_vault.visit(vault)
        await confirm_receipt(vault, visitor, receipt.recording, receipt.sha256)
    shutil.rmtree(real_vault.data / "slots")
    shutil.copytree(tmp_path / "slots", real_vault.data / "slots")
    async with real_vault.opened() as vault:
        async with vault.reading() as rows:
            row = await rows.recordings.get(receipt.recording)
        assert row is not None
        with pytest.raises(SlotDestroyed):
            await vault.slots.read(row.slot)
        opened = await open_recording(vault, await real_vault.visit(vault), living.recording)
        plaintext = b"".join([piece async for piece in opened.plaintext(0, living.bytes)])
        assert plaintext == b"another that lives on"


async def test_the_same_upload_after_collection_stores_nothing(any_vault: RealVault) -> None:
    """A PBX that sends a collected recording again gets its receipt, and the recording does not come back."""
    async with any_vault.opened() as vault:
        receipt = await any_vault.upload(vault, CONTENT)
        visitor = await any_vault.visit(vault)
        await confirm_receipt(vault, visitor, receipt.recording, Sha256(sha256(CONTENT)))
        await delete_queued_blobs(vault)
        again = await any_vault.upload(vault, CONTENT)
        assert again == replace(receipt, created=False)
        assert blobs_in(any_vault.data) == []


async def test_a_mirror_that_was_away_gets_no_certificate(real_vault: RealVault, tmp_path: Path) -> None:
    """While a mirror is away a receipt is `pending`; once it is back, its slot is zeroed too (R15)."""
    second = tmp_path / "second"
    settings = await add_mirror(real_vault.settings, second)
    mirrored = real_vault.with_setting("CALLVAULT_SLOTS__PATHS", ",".join(map(str, settings.slots.paths)))
    async with mirrored.opened() as vault:
        receipt = await mirrored.upload(vault, CONTENT)
        async with vault.reading() as rows:
            row = await rows.recordings.get(receipt.recording)
        assert row is not None
        slot = (await vault.slots.read(row.slot)).reveal()
        second.rename(tmp_path / "away")
        answer = await confirm_receipt(vault, await mirrored.visit(vault), receipt.recording, receipt.sha256)
        assert (answer.state, answer.certificate) == (ReceiptState.PENDING, None)
        assert occurrences(tmp_path / "away", slot)
        (tmp_path / "away").rename(second)
    async with mirrored.opened() as vault:
        assert occurrences(second, slot) == []
        visitor = await mirrored.visit(vault)
        answer = await confirm_receipt(vault, visitor, receipt.recording, receipt.sha256)
        assert answer.state is ReceiptState.SHREDDED
