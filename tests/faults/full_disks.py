"""Fill the disk of a running service to every degree, and free it again."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.faults.disks import MIB, fill, small_disk
from tests.faults.powercuts import check_whole
from tests.faults.trial import HalfKept, Lost, Trial
from tests.harness.chance import dice
from tests.harness.customer import Answer, Caller, Headers
from tests.harness.processes import eventually
from tests.harness.service import serving
from tests.harness.vaults import RealVault, sha256

DISK_BYTES = 32 * MIB
RESERVE_BYTES = DISK_BYTES // 16
ENOUGH_FOR_THE_LOG = MIB
"""With so much left in the reserve, openings and collections must go on."""
CONTENT_BYTES = MIB // 2


@dataclass(frozen=True, slots=True)
class Answers:
    """What the service said while the disk was full."""

    upload: Answer
    opening: Answer
    receipt: Answer


async def run(trial: Trial, known: RealVault, folder: Path) -> None:
    """Go through many degrees, one after another, with one service on one disk."""
    chance = dice()
    with small_disk(folder / "disk", DISK_BYTES) as disk:
        there = known.copied_to(disk / "vault")
        with serving(there) as service, trial.watched("the service"):
            async with service.caller() as caller:
                session = await caller.sign_in()
                for turn in trial.turns():
                    left = _degree(turn, chance)
                    with trial.watched(f"with {left} bytes left"):
                        await asyncio.to_thread(eventually, lambda: _is_swept(there))
                        await _fill_and_free(trial, caller, session, disk, left=left, chance=chance)
            await service.stopped()
        async with there.opened() as vault:
            async with vault.reading() as rows:
                found = [recording async for recording in rows.recordings.scan()]
            with trial.watched("at the end"):
                await check_whole(vault, there, found)
        log = there.data.with_name("vault.log").read_text(encoding="utf-8")
        with trial.watched("the service's log"):
            assert "Traceback" not in log, log[-2000:]


def _is_swept(there: RealVault) -> bool:
    """Say whether nothing is queued for deletion, which would free space while the disk is to be full."""
    with closing(sqlite3.connect(f"file:{there.data}/vault.sqlite?mode=ro", uri=True)) as database:
        (queued,) = database.execute("SELECT count(*) FROM blob_deletions").fetchone()
    return not queued


def _degree(turn: int, chance: random.Random) -> int:
    """Return how many bytes to leave: none, a few pages, some of the reserve."""
    return (0, chance.randrange(1, 65_536), chance.randrange(65_536, MIB), RESERVE_BYTES - MIB // 4)[turn % 4]


async def _fill_and_free(
    trial: Trial, caller: Caller, session: Headers, disk: Path, *, left: int, chance: random.Random
) -> None:
    content = chance.randbytes(CONTENT_BYTES)
    kept = (await _must_upload(caller, content))["recording"]
    fill(disk / "filler", leaving_bytes=left)
    try:
        answers = Answers(
            await caller.upload("refused.wav", chance.randbytes(CONTENT_BYTES)),
            await caller.content(session, kept),
            await caller.receipt(session, kept, sha256(content)),
        )
    finally:
        (disk / "filler").unlink()
    _judge(trial, answers, content, left)
    if answers.receipt.status == 200:
        assert (await caller.content(session, kept)).status == 410
    else:
        await caller.must_wait(session, kept, content)
        assert (await caller.receipt(session, kept, sha256(content))).status == 200
    content = chance.randbytes(CONTENT_BYTES)
    again = await _must_upload(caller, content)
    assert (await caller.receipt(session, again["recording"], sha256(content))).status == 200


def _judge(trial: Trial, answers: Answers, content: bytes, left: int) -> None:
    """See that the upload was refused clearly, and that the log had its reserve."""
    statuses = (answers.upload.status, answers.opening.status, answers.receipt.status)
    for what, status in zip(("uploads", "openings", "receipts"), statuses, strict=True):
        trial.note(f"{what} {status}")
    if answers.upload.status == 201:
        raise HalfKept(f"an upload of {CONTENT_BYTES} bytes was taken with {left} bytes left")
    assert (answers.upload.status, answers.upload.code) in {(507, "storage_full"), (503, "store_unavailable")}
    assert {*statuses[1:]} <= {200, 503, 507}, f"not a clear answer: {statuses}"
    if answers.opening.status == 200 and answers.opening.body != content:
        raise Lost("an opening gave other bytes")
    if left >= ENOUGH_FOR_THE_LOG:
        assert statuses[1:] == (200, 200), f"the reserve is there, and it answers {statuses}"


async def _must_upload(caller: Caller, content: bytes) -> dict[str, str]:
    answer = await caller.upload("call.wav", content)
    assert answer.status == 201, f"with space an upload is {answer.status}: {answer.body!r}"
    return dict(answer.json)
