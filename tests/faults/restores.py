"""Put yesterday's database and blobs beside today's slots, and the reverse; histories are drawn by chance."""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from keys.errors import KeysError
from tests.faults.powercuts import check_whole
from tests.faults.trial import Lost, Trial
from tests.harness.chance import dice
from tests.harness.vaults import RealVault
from vault.domain.recording import RecordingState
from vault.errors import LogBehind, VaultError
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.delete_blobs import delete_queued_blobs
from vault.usecases.open_recording import open_recording
from vault.usecases.seal_recording import UploadReceipt

DEEDS = 6


@dataclass
class History:
    """What has happened in a vault."""

    waiting: list[UploadReceipt] = field(default_factory=list)
    gone: list[UploadReceipt] = field(default_factory=list)


async def run(trial: Trial, known: RealVault, folder: Path) -> None:
    """Live a day, keep a copy, live another day, and mix the two."""
    chance = dice()
    for turn in trial.turns():
        there = known.copied_to(folder / str(turn) / "vault")
        with trial.watched(f"history {turn}"):
            history = History()
            await _live(there, history, chance)
            yesterday = there.copied_to(folder / str(turn) / "yesterday")
            await _live(there, history, chance)
            await _older_database(there, yesterday, history, folder / str(turn) / "database")
            await _older_slots(there, yesterday, history, folder / str(turn) / "slots")
        shutil.rmtree(folder / str(turn))


async def _live(known: RealVault, history: History, chance: random.Random) -> None:
    async with known.opened() as vault:
        visitor = await known.visit(vault)
        for _ in range(DEEDS):
            history.waiting.append(await known.upload(vault, chance.randbytes(2000), name=None))
            if chance.random() < 0.5:
                gone = history.waiting.pop(chance.randrange(len(history.waiting)))
                await confirm_receipt(vault, visitor, gone.recording, gone.sha256)
                history.gone.append(gone)
        await delete_queued_blobs(vault)


async def _older_database(today: RealVault, yesterday: RealVault, history: History, mixed: Path) -> None:
    """See that it does not open, changes no slot, and that even the head's loss brings nothing back."""
    known = yesterday.copied_to(mixed)
    shutil.rmtree(mixed / "slots")
    shutil.copytree(today.data / "slots", mixed / "slots")
    before = _content(mixed / "slots")
    try:
        async with known.opened():
            pass
    except LogBehind:
        pass
    else:
        raise Lost("an older database opens: its log would fork")
    assert _content(mixed / "slots") == before, "slots were changed by an older database"
    # Without what refuses it, as a thief would try.
    (mixed / "slots" / "head").write_bytes(bytes((mixed / "slots" / "head").stat().st_size))
    async with known.opened() as vault:
        visitor = await known.visit(vault)
        for gone in history.gone:
            try:
                await open_recording(vault, visitor, gone.recording)
            except (VaultError, KeysError):
                continue
            raise Lost(f"{gone.recording} was destroyed and opens again")


async def _older_slots(today: RealVault, yesterday: RealVault, history: History, mixed: Path) -> None:
    """See that what was destroyed since is destroyed again, and that everything else opens."""
    known = today.copied_to(mixed)
    shutil.rmtree(mixed / "slots")
    shutil.copytree(yesterday.data / "slots", mixed / "slots")
    async with known.opened() as vault:
        async with vault.reading() as rows:
            found = {recording.id: recording async for recording in rows.recordings.scan()}
        living = {r.id for r in found.values() if r.state is RecordingState.WAITING}
        if living != {receipt.recording for receipt in history.waiting}:
            raise Lost("other recordings wait than should")
        await check_whole(vault, known, found.values())


def _content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}
