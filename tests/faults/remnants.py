"""Destroy recordings, cut the power in that moment, and search the raw disk for what opened them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tests.faults.disks import Image, image
from tests.faults.powercuts import check_whole
from tests.faults.trial import HalfKept, Lost, Trial
from tests.harness.vaults import RealVault
from vault.domain.names import RecordingId, Sha256
from vault.domain.recording import RecordingState
from vault.ports.vault import Vault
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.open_recording import open_recording

RECORDINGS = 4
"""In each turn; every other one is destroyed."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What opens one recording: its slot, and the file key that its header wraps."""

    recording: RecordingId
    sha256: Sha256
    slot: bytes
    file_key: bytes


async def run(trial: Trial, known: RealVault, folder: Path, kind: str = "ext4") -> None:
    """Look at a fresh disk in every turn."""
    for turn in trial.turns():
        with trial.watched(f"disk {turn}"), image(folder / str(turn), kind) as disk:
            there = known.copied_to(disk.mounted_at / "vault")
            async with there.opened() as vault:
                secrets = [await _upload(there, vault) for _ in range(RECORDINGS)]
                disk.sync()
                assert all(disk.holds(each.slot) for each in secrets), "a living slot must be found"
                visitor = await there.visit(vault)
                for gone in secrets[::2]:
                    answer = await confirm_receipt(vault, visitor, gone.recording, gone.sha256)
                    assert answer.certificate, f"not certified: {answer.state}"
                disk.cut_power()
            disk.unmount()
            _search(disk, secrets)
            disk.mount()
            await _open_again(there, secrets)
            disk.unmount()
            _search(disk, secrets)
            trial.note("slots searched for", len(secrets))


async def _upload(known: RealVault, vault: Vault) -> Secrets:
    receipt = await known.upload(vault, os.urandom(10_000), name=None)
    opened = await open_recording(vault, await known.visit(vault), receipt.recording)
    slot = await vault.slots.read(opened.recording.slot)
    return Secrets(receipt.recording, receipt.sha256, slot.reveal(), opened.file_key.secret.reveal())


def _search(disk: Image, secrets: list[Secrets]) -> None:
    """See that no byte sequence of a destroyed slot is anywhere, and no file key ever was."""
    for number, each in enumerate(secrets):
        destroyed = number % 2 == 0
        if destroyed and disk.holds(each.slot):
            raise Lost(f"the slot of {each.recording} is still on the raw disk")
        if not destroyed and not disk.holds(each.slot):
            raise Lost(f"the slot of {each.recording}, which lives, is nowhere")
        assert not disk.holds(each.file_key), f"the file key of {each.recording} is on the disk"


async def _open_again(known: RealVault, secrets: list[Secrets]) -> None:
    """See that after the power cut the others are whole, and the destroyed ones are on record as that."""
    async with known.opened() as vault:
        async with vault.reading() as rows:
            found = {recording.id: recording async for recording in rows.recordings.scan()}
        for gone in secrets[::2]:
            if found[gone.recording].state is not RecordingState.SHREDDED:
                raise HalfKept(f"{gone.recording} is {found[gone.recording].state}")
        await check_whole(vault, known, found.values())
