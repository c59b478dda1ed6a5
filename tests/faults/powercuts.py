"""Cut the power of a disk in the middle of uploads and collections, and see what is on it afterwards."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

from keys.errors import KeysError, SlotDestroyed
from tests.faults.disks import Image, image
from tests.faults.trial import HalfKept, Lost, Trial
from tests.faults.workers import Worker, worker
from tests.harness.chance import dice
from tests.harness.vaults import RealVault, sha256
from vault.domain.names import RecordingId
from vault.domain.recording import Recording, RecordingState
from vault.errors import VaultError
from vault.ports.vault import Vault
from vault.usecases.authenticate import Visitor
from vault.usecases.open_recording import open_recording
from vault.usecases.verify_log import verify_log

LONGEST_WAIT_SECONDS = 0.1
MOST_ANSWERS = 8
TURNS_PER_DISK = 20
"""Then a fresh one: what is checked after every cut grows with the vault."""


@dataclass
class Acknowledged:
    """What the vault has answered for so far: digests of what it sealed, certificates of what is gone."""

    sealed: dict[str, str] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    certified: dict[str, str] = field(default_factory=dict)
    looked_at: set[str] = field(default_factory=set)
    """Recordings that were seen whole after an earlier cut; the disk's last look is at all of them."""


async def run(trial: Trial, known: RealVault, folder: Path, kind: str = "ext4") -> None:
    """Cut the power again and again, on a fresh disk from time to time."""
    chance, turns = dice(), trial.turns()
    with worker(folder / "deeds.log") as doer:
        for first in turns:
            with trial.watched(f"from cut {first}"), image(folder / str(first), kind) as disk:
                there = known.copied_to(disk.mounted_at / "vault")
                cuts = chain((first,), islice(turns, TURNS_PER_DISK - 1))
                books = await _on_one_disk(there, disk, doer, chance, cuts)
                trial.note("receipts", len(books.sealed))
                trial.note("certificates", len(books.certified))


async def _on_one_disk(
    known: RealVault, disk: Image, doer: Worker, chance: random.Random, turns: Iterable[int]
) -> Acknowledged:
    disk.sync()
    books, known = Acknowledged(), await known.signed_in()
    for turn in turns:
        doer.begin(known, "work", seed=turn)
        _cut_in_the_middle(disk, doer, books, chance)
        async with known.opened() as vault:
            await _check(vault, known, books)
    books.looked_at.clear()
    async with known.opened() as vault:
        await _check(vault, known, books)
    return books


def _cut_in_the_middle(disk: Image, doer: Worker, books: Acknowledged, chance: random.Random) -> None:
    """Let it work; cut the power after some answers and a moment; put the disk into another machine."""
    doer.wait_for("ready")
    for _ in range(chance.randrange(MOST_ANSWERS)):
        doer.wait_for("sealed", "collected")
    # The random moment itself: not waited for, but drawn.
    time.sleep(chance.random() * LONGEST_WAIT_SECONDS)
    disk.cut_power()
    doer.kill()
    disk.unmount()
    disk.mount()
    # Also what was said after the cut: an answer without power would be a lie.
    books.sealed |= {facts["recording"]: facts["sha256"] for facts in doer.said("sealed")}
    books.asked |= {facts["recording"] for facts in doer.said("collecting")}
    books.certified |= {
        facts["recording"]: facts["certificate"] for facts in doer.said("collected") if facts["certificate"]
    }


async def _check(vault: Vault, known: RealVault, books: Acknowledged) -> None:
    """See that what was acknowledged is there whole, what was certified is gone, and nothing is between."""
    async with vault.reading() as rows:
        found = {recording.id: recording async for recording in rows.recordings.scan()}
    for recording, digest in books.sealed.items():
        row = found.get(RecordingId(recording))
        if row is None or row.sha256 != digest:
            raise Lost(f"{recording} was acknowledged and is not there")
        if row.state is RecordingState.SHREDDED and recording not in books.asked:
            raise Lost(f"{recording} is destroyed, and nobody asked for that")
        if row.state is not RecordingState.SHREDDED and recording in books.certified:
            raise Lost(f"{recording} was certified as destroyed and is {row.state}")
    await check_whole(vault, known, [row for row in found.values() if row.id not in books.looked_at])
    books.looked_at |= {row.id for row in found.values() if row.state is RecordingState.WAITING}


async def check_whole(vault: Vault, known: RealVault, recordings: Iterable[Recording]) -> None:
    """See that each recording opens whole or is destroyed, and that the log holds."""
    visitor = await known.visit(vault)
    for recording in recordings:
        if recording.state is RecordingState.WAITING:
            await _must_open(vault, visitor, recording)
        elif recording.state is RecordingState.SHREDDED:
            await _must_be_gone(vault, recording)
        else:
            raise HalfKept(f"{recording.id} is still {recording.state} after the start")
    findings = (await verify_log(vault)).findings
    assert findings == [], f"the log: {findings}"


async def _must_open(vault: Vault, visitor: Visitor, recording: Recording) -> None:
    try:
        opened = await open_recording(vault, visitor, recording.id)
        got = b"".join([piece async for piece in opened.plaintext(0, recording.bytes)])
    except (VaultError, KeysError) as error:
        raise HalfKept(f"{recording.id} does not open: {error.code}, {error}") from error
    if sha256(got) != recording.sha256:
        raise HalfKept(f"{recording.id} opens to something else")


async def _must_be_gone(vault: Vault, recording: Recording) -> None:
    try:
        await vault.slots.read(recording.slot)
    except SlotDestroyed:
        return
    raise Lost(f"{recording.id} is on record as shredded, and its slot is alive")
