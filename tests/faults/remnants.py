"""Destroy recordings, cut the power in that moment, and search the raw disk for what opened them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tests.faults.disks import Image, image
from tests.faults.powercuts import check_whole
from tests.faults.trial import HalfKept, Lost, Trial
from tests.harness.staff import add_person, dana
from tests.harness.vaults import RealVault
from vault.domain.names import RecordingId, Sha256, StaffName
from vault.domain.recording import RecordingState
from vault.domain.staff import Owner, Role
from vault.ports.vault import Vault
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.issue_grant import issue_grant
from vault.usecases.open_recording import open_recording
from vault.usecases.remove_staff import find_member, remove_staff

_LEAVERS = ("tom", "mia")
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
                left = await _who_leaves(there, vault, secrets[1].recording)
                disk.sync()
                assert all(map(disk.holds, left)), "the slots of who is there must be found"
                dpo = await dana(vault, there.passphrase)
                for name in _LEAVERS:
                    await remove_staff(vault, dpo, StaffName(name))
                visitor = await there.visit(vault)
                for gone in secrets[::2]:
                    answer = await confirm_receipt(vault, visitor, gone.recording, gone.sha256)
                    assert answer.certificate, f"not certified: {answer.state}"
                disk.cut_power()
            disk.unmount()
            _search(disk, secrets)
            _search_for_leavers(disk, left)
            disk.mount()
            await _open_again(there, secrets)
            disk.unmount()
            _search(disk, secrets)
            _search_for_leavers(disk, left)
            trial.note("slots searched for", len(secrets) + len(left))


async def _upload(known: RealVault, vault: Vault) -> Secrets:
    receipt = await known.upload(vault, os.urandom(10_000), name=None)
    opened = await open_recording(vault, await known.visit(vault), receipt.recording)
    slot = await vault.slots.read(opened.recording.slot)
    return Secrets(receipt.recording, receipt.sha256, slot.reveal(), opened.file_key.secret.reveal())


async def _who_leaves(known: RealVault, vault: Vault, recording: RecordingId) -> list[bytes]:
    """Add a tech manager, and a manager with a grant; return the slots that they open something by."""
    dpo = await dana(vault, known.passphrase)
    await add_person(vault, dpo, _LEAVERS[0], Role.TECH_MANAGER)
    await add_person(vault, dpo, _LEAVERS[1], Role.MANAGER)
    grant, _ = await issue_grant(vault, dpo, recording, StaffName(_LEAVERS[1]), reason="complaint 12")
    numbers = [grant.slot]
    async with vault.reading() as rows:
        for name in _LEAVERS:
            member = await find_member(rows, StaffName(name))
            locked = await rows.identities.current(Owner.STAFF, member.id)
            assert locked is not None
            assert locked.slot is not None
            numbers.append(locked.slot)
    return [(await vault.slots.read(number)).reveal() for number in numbers]


def _search_for_leavers(disk: Image, left: list[bytes]) -> None:
    """See that nothing is anywhere by which who left opened something."""
    if any(map(disk.holds, left)):
        raise Lost("a slot of who left, or of their grant, is still on the raw disk")


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
