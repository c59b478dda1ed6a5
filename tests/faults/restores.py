"""Put yesterday's database and blobs beside today's slots, and the reverse; histories are drawn by chance."""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from keys.errors import KeysError
from keys.secret import Secret
from tests.faults.powercuts import check_whole
from tests.faults.trial import Lost, Trial
from tests.harness.chance import dice
from tests.harness.staff import add_person, dana
from tests.harness.vaults import RealVault
from vault.domain.event import SERVICE
from vault.domain.names import RecordingId, StaffName
from vault.domain.recording import RecordingState
from vault.domain.staff import Role
from vault.errors import LogBehind, VaultError
from vault.ports.vault import Vault
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.delete_blobs import delete_queued_blobs
from vault.usecases.issue_grant import issue_grant
from vault.usecases.open_recording import open_recording
from vault.usecases.reconcile_slots import destroy_left_slots
from vault.usecases.remove_staff import remove_staff
from vault.usecases.seal_recording import UploadReceipt
from vault.usecases.unlock_staff import unlock_staff
from vault.usecases.use_grant import use_grant

DEEDS = 6
_REASON = "complaint 12"


@dataclass
class History:
    """What has happened in a vault."""

    waiting: list[UploadReceipt] = field(default_factory=list)
    gone: list[UploadReceipt] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class People:
    """Somebody who leaves, by name and passphrase, and somebody with a grant of a recording for one use."""

    tom: Secret
    mia: Secret
    own: RecordingId
    slot: int
    password: Secret

    async def use_grant(self, vault: Vault) -> None:
        """Open the recording as who has the grant."""
        mia = await unlock_staff(vault, StaffName("mia"), self.mia, by=SERVICE)
        await use_grant(vault, mia, self.own, password=self.password, reason=_REASON)


async def run(trial: Trial, known: RealVault, folder: Path) -> None:
    """Live a day, keep a copy, live another day, and mix the two."""
    chance = dice()
    for turn in trial.turns():
        there = known.copied_to(folder / str(turn) / "vault")
        with trial.watched(f"history {turn}"):
            history = History()
            await _live(there, history, chance)
            people = await _let_in(there)
            yesterday = there.copied_to(folder / str(turn) / "yesterday")
            await _live(there, history, chance)
            await _send_away(there, people)
            await _older_database(there, yesterday, history, people, folder / str(turn) / "database")
            await _older_slots(there, yesterday, history, people, folder / str(turn) / "slots")
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


async def _let_in(known: RealVault) -> People:
    """Add a tech manager, and a manager with a grant of one of the company's own calls."""
    async with known.opened() as vault:
        dpo = await dana(vault, known.passphrase)
        tom = await add_person(vault, dpo, "tom", Role.TECH_MANAGER)
        mia = await add_person(vault, dpo, "mia", Role.MANAGER)
        own = (await known.upload(vault, b"RIFF own", name=None, own=True)).recording
        grant, password = await issue_grant(vault, dpo, own, StaffName("mia"), reason=_REASON)
        return People(tom, mia, own, grant.slot, password)


async def _send_away(known: RealVault, people: People) -> None:
    """Use the grant for the last time, and let the tech manager leave."""
    async with known.opened() as vault:
        await people.use_grant(vault)
        await remove_staff(vault, await dana(vault, known.passphrase), StaffName("tom"))


async def _must_open_nothing(vault: Vault, people: People) -> None:
    """Try what a person who left, and a grant that was used, would open."""
    try:
        await unlock_staff(vault, StaffName("tom"), people.tom, by=SERVICE)
    except (VaultError, KeysError):
        pass
    else:
        raise Lost("who left is let in again")
    try:
        await people.use_grant(vault)
    except (VaultError, KeysError):
        pass
    else:
        raise Lost("a grant that was used opens again")


async def _older_database(
    today: RealVault, yesterday: RealVault, history: History, people: People, mixed: Path
) -> None:
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
        await _must_open_nothing(vault, people)


async def _older_slots(
    today: RealVault, yesterday: RealVault, history: History, people: People, mixed: Path
) -> None:
    """See that what was destroyed since is destroyed again, and that everything else opens."""
    known = today.copied_to(mixed)
    shutil.rmtree(mixed / "slots")
    shutil.copytree(yesterday.data / "slots", mixed / "slots")
    async with known.opened() as vault:
        async with vault.reading() as rows:
            found = {recording.id: recording async for recording in rows.recordings.scan()}
        living = {r.id for r in found.values() if r.state is RecordingState.WAITING}
        if living != {people.own, *(receipt.recording for receipt in history.waiting)}:
            raise Lost("other recordings wait than should")
        await _must_open_nothing(vault, people)
        await destroy_left_slots(vault)  # the turn of it that comes right after a start
        if await vault.slots.survivors([people.slot]):
            raise Lost("the slot of a grant that was used lives on")
        await check_whole(vault, known, [each for each in found.values() if each.customer])


def _content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}
