"""Take a mirror of the slots away in the middle of its life, destroy meanwhile, and bring it back."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.faults.disks import MIB, move, remount, small_disk
from tests.faults.trial import HalfKept, Lost, Trial
from tests.harness.vaults import RealVault
from vault.app.mirrors import add_mirror
from vault.usecases.confirm_receipt import ReceiptState, confirm_receipt
from vault.usecases.open_recording import open_recording

DISK_BYTES = 8 * MIB


@contextmanager
def _gone(place: Path) -> Iterator[Path]:
    """Take the disk out: an empty folder is left where it was mounted."""
    elsewhere = place.with_name("elsewhere")
    elsewhere.mkdir(exist_ok=True)
    move(place, elsewhere)
    try:
        yield elsewhere
    finally:
        move(elsewhere, place)


@contextmanager
def _read_only(place: Path) -> Iterator[Path]:
    """Let the disk take nothing, as the kernel does after an error."""
    remount(place, "ro")
    try:
        yield place
    finally:
        remount(place, "rw")


WAYS: tuple[Callable[[Path], AbstractContextManager[Path]], ...] = (_gone, _read_only)


async def run(trial: Trial, known: RealVault, folder: Path) -> None:
    """Lose one of two mirrors in one way after the other, and a fresh vault each time."""
    for turn in trial.turns():
        place = folder / str(turn)
        with trial.watched(f"turn {turn}"), small_disk(place / "disk", DISK_BYTES) as disk:
            there = known.copied_to(place / "vault")
            settings = await add_mirror(there.settings, disk / "slots")
            paths = ",".join(map(str, settings.slots.paths))
            mirrored = there.with_setting("CALLVAULT_SLOTS__PATHS", paths)
            await _destroy_meanwhile(trial, mirrored, disk, WAYS[turn % len(WAYS)])


async def _destroy_meanwhile(
    trial: Trial, known: RealVault, disk: Path, way: Callable[[Path], AbstractContextManager[Path]]
) -> None:
    content = os.urandom(1000)
    async with known.opened() as vault:
        receipt = await known.upload(vault, content, name=None)
        kept = await known.upload(vault, content, name=None)
        async with vault.reading() as rows:
            row = await rows.recordings.get(receipt.recording)
        assert row is not None
        slot = (await vault.slots.read(row.slot)).reveal()
        with way(disk) as there:
            answer = await confirm_receipt(vault, await known.visit(vault), receipt.recording, receipt.sha256)
            if (answer.state, answer.certificate) != (ReceiptState.PENDING, None):
                raise Lost(f"certified although a mirror was away: {answer.state}")
            assert _holds(there / "slots", slot), "the mirror that is away has the slot still"
        trial.note("pending")
    async with known.opened() as vault:
        if _holds(disk / "slots", slot):
            raise Lost("the mirror came back, and the slot with it")
        visitor = await known.visit(vault)
        answer = await confirm_receipt(vault, visitor, receipt.recording, receipt.sha256)
        if answer.state is not ReceiptState.SHREDDED:
            raise HalfKept(f"every mirror is back, and it is {answer.state}")
        opened = await open_recording(vault, visitor, kept.recording)
        assert b"".join([piece async for piece in opened.plaintext(0, kept.bytes)]) == content


def _holds(folder: Path, needle: bytes) -> bool:
    return any(needle in path.read_bytes() for path in folder.iterdir() if path.is_file())
