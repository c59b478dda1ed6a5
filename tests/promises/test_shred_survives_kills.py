"""Promises 4 and 5: a shred that is killed at any step is finished at the next start, or never began."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import pytest
from aiohttp import ClientError

from keys.errors import SlotDestroyed
from tests.harness.chance import dice
from tests.harness.service import serving
from tests.harness.vaults import RealVault
from vault.domain.event import Action
from vault.domain.names import RecordingId
from vault.domain.recording import Recording, RecordingState
from vault.ports.log import EventFilter
from vault.ports.vault import Vault
from vault.usecases.confirm_receipt import ReceiptState, confirm_receipt
from vault.usecases.delete_blobs import delete_queued_blobs
from vault.usecases.open_recording import open_recording
from vault.usecases.seal_recording import UploadReceipt
from vault.usecases.verify_log import verify_log

CONTENT = b"RIFF" + os.urandom(100_000)
ROOT = Path(__file__).parent.parent.parent

STEPS = (
    "before commit 1",
    "after commit 1",
    "before write_head 1",
    "after write_head 1",
    "before destroy 1",
    "overwritten, not synced 1",
    "after destroy 1",
    "before commit 2",
    "after commit 2",
    "before write_head 2",
    "after write_head 2",
    "before delete 1",
    "after delete 1",
    "before commit 3",
    "after commit 3",
)
"""What a collection does, in this order."""
ON_RECORD_FROM = STEPS.index("after commit 1")
"""The collection is committed from here on; before, nothing may have happened to the recording."""
IN_RECOVERY = ("before destroy 1", "overwritten, not synced 1", "before commit 1", "before write_head 1")


class Dying:
    """The process whose forks collect or mend, and die."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, known: RealVault, receipt: UploadReceipt, die_at: str, *, mend: bool = False) -> list[str]:
        """Collect, or mend, and die at a step; return the steps that were passed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        orders = {
            "vault": asdict(known) | {"data": str(known.data)},
            "recording": receipt.recording,
            "sha256": receipt.sha256,
            "die_at": die_at,
            "mend": mend,
        }
        self._process.stdin.write(json.dumps(orders) + "\n")
        self._process.stdin.flush()
        passed: list[str] = []
        while not (passed and passed[-1].startswith("ended")):
            line = self._process.stdout.readline()
            assert line, "the process is gone"
            passed.append(line.rstrip())
        assert passed.pop() == f"ended {-signal.SIGKILL if die_at else 0}"
        return passed


@pytest.fixture(scope="module")
def dying() -> Iterator[Dying]:
    """A process for all these tests: it takes longer to start than to do its work."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.harness.dying"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            yield Dying(process)
        finally:
            os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def uploaded(founded: RealVault, tmp_path_factory: pytest.TempPathFactory) -> tuple[RealVault, UploadReceipt]:
    """A vault with one recording in it."""
    known = founded.copied_to(tmp_path_factory.mktemp("uploaded") / "vault")

    async def upload() -> UploadReceipt:
        async with known.opened() as vault:
            return await known.upload(vault, CONTENT)

    return known, asyncio.run(upload())


async def row_of(vault: Vault, recording: str) -> Recording:
    """Return the recording as the database has it."""
    async with vault.reading() as rows:
        found = await rows.recordings.get(RecordingId(recording))
    assert found is not None
    return found


async def times_logged(vault: Vault, action: Action, recording: str) -> int:
    """Return how often the log says so of this recording."""
    async with vault.reading() as rows:
        which = EventFilter(action=action, recording=RecordingId(recording))
        return len(await rows.events.list(which))


async def check_shredded_once(known: RealVault, vault: Vault, receipt: UploadReceipt) -> None:
    """See that it is gone, by one certificate, and that the log says so once and holds."""
    visitor = await known.visit(vault)
    row = await row_of(vault, receipt.recording)
    assert row.state is RecordingState.SHREDDED
    with pytest.raises(SlotDestroyed):
        await vault.slots.read(row.slot)
    answers = [await confirm_receipt(vault, visitor, receipt.recording, receipt.sha256) for _ in range(2)]
    assert {answer.state for answer in answers} == {ReceiptState.SHREDDED}
    assert len({answer.certificate for answer in answers}) == 1
    assert await times_logged(vault, Action.RECORDING_COLLECTED, receipt.recording) == 1
    assert await times_logged(vault, Action.RECORDING_SHREDDED, receipt.recording) == 1
    await delete_queued_blobs(vault)
    assert not (known.data / "blobs" / row.blob[:2] / row.blob).exists()
    assert (await verify_log(vault)).findings == []


def test_these_are_all_the_steps(
    dying: Dying, uploaded: tuple[RealVault, UploadReceipt], tmp_path: Path
) -> None:
    """A collection passes exactly the steps at which these tests kill it, in the order of the design."""
    known, receipt = uploaded

    passed = dying.run(known.copied_to(tmp_path / "vault"), receipt, "")

    assert tuple(passed) == STEPS


@pytest.mark.parametrize("step", STEPS)
async def test_a_kill_at_any_step_is_finished_at_start(
    dying: Dying, uploaded: tuple[RealVault, UploadReceipt], tmp_path: Path, step: str
) -> None:
    """On record as collected, it is shredded once the vault opens again; not yet on record, it is whole."""
    known, receipt = uploaded[0].copied_to(tmp_path / "vault"), uploaded[1]
    passed = await asyncio.to_thread(dying.run, known, receipt, step)
    assert passed[-1] == step

    async with known.opened() as vault:
        row = await row_of(vault, receipt.recording)
        if STEPS.index(step) < ON_RECORD_FROM:
            assert row.state is RecordingState.WAITING
            visitor = await known.visit(vault)
            opened = await open_recording(vault, visitor, receipt.recording)
            assert b"".join([piece async for piece in opened.plaintext(0, receipt.bytes)]) == CONTENT
            await confirm_receipt(vault, visitor, receipt.recording, receipt.sha256)
        else:
            assert row.state is RecordingState.SHREDDED
        await check_shredded_once(known, vault, receipt)


@pytest.mark.parametrize("step", IN_RECOVERY)
async def test_a_kill_in_the_mending_is_mended(
    dying: Dying, uploaded: tuple[RealVault, UploadReceipt], tmp_path: Path, step: str
) -> None:
    """Killed after the collection came on record, and killed again while that is finished: finished then."""
    known, receipt = uploaded[0].copied_to(tmp_path / "vault"), uploaded[1]
    await asyncio.to_thread(dying.run, known, receipt, "after commit 1")
    await asyncio.to_thread(dying.run, known, receipt, step, mend=True)

    async with known.opened() as vault:
        await check_shredded_once(known, vault, receipt)


async def test_the_service_finishes_what_it_was_killed_at(any_vault: RealVault) -> None:
    """Killed while many receipts come in: after the start each recording is whole, or gone with its slot."""
    chance = dice()
    with serving(any_vault) as service:
        async with service.caller() as caller:
            session = await caller.sign_in()
            names = [f"{number}.wav" for number in range(40)]
            content = {name: chance.randbytes(2000) for name in names}
            uploads = await asyncio.gather(*(caller.upload(name, content[name]) for name in names))
            ids = {answer.json["recording"]: name for name, answer in zip(names, uploads, strict=True)}
            answered: dict[str, str] = {}
            enough, came = chance.randrange(1, 25), asyncio.Semaphore(0)

            async def collect(recording: str) -> None:
                with suppress(ClientError):
                    digest = hashlib.sha256(content[ids[recording]]).hexdigest()
                    answer = await caller.receipt(session, recording, digest)
                    answered[recording] = answer.json["certificate"]
                    came.release()

            async with asyncio.TaskGroup() as tasks:
                for recording in ids:
                    tasks.create_task(collect(recording))
                for _ in range(enough):
                    await came.acquire()
                await asyncio.to_thread(service.kill9)
            await service.restarted()

            listed = {item["id"] for item in await caller.waiting(session)}
            assert not listed & answered.keys()
            for recording in listed:
                await caller.must_wait(session, recording, content[ids[recording]])
            for recording in ids.keys() - listed:
                digest = hashlib.sha256(content[ids[recording]]).hexdigest()
                answer = await caller.receipt(session, recording, digest)
                assert answer.json["state"] == "shredded"
                assert (
                    answered.setdefault(recording, answer.json["certificate"]) == answer.json["certificate"]
                )
        async with service.beside() as vault:
            for recording in ids.keys() - listed:
                with pytest.raises(SlotDestroyed):
                    await vault.slots.read((await row_of(vault, recording)).slot)
                assert await times_logged(vault, Action.RECORDING_SHREDDED, recording) == 1
            assert (await verify_log(vault)).findings == []
