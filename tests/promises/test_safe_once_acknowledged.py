"""Promise 2: a receipt means that the recording survives: the service is killed at random moments of uploads.

CALLVAULT_TEST_KILLS sets how often; the long form is 1,000. CALLVAULT_TEST_SEED repeats a run.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError

from tests.harness.chance import dice, from_environment, say
from tests.harness.customer import Caller
from tests.harness.service import Service, serving
from tests.harness.vaults import RealVault, sha256
from vault.domain.names import RecordingId
from vault.ports.vault import Vault
from vault.usecases.keep_house import sweep_blobs
from vault.usecases.open_recording import open_recording
from vault.usecases.verify_log import verify_log

KILLS = from_environment("CALLVAULT_TEST_KILLS", 10)
UPLOADERS = 6
LONGEST_WAIT_SECONDS = 0.25
EDGES = (1, 65535, 65536, 65537, 131072)
"""Sizes around the ends of chunks."""


@dataclass
class Books:
    """What was sent in this turn, by file name, and every receipt that came back."""

    sent: dict[str, bytes] = field(default_factory=dict)
    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)
    came: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    """Released once for every receipt."""


def some_content(chance: random.Random) -> bytes:
    """Return a recording of some size, often at the end of a chunk, sometimes of several pieces."""
    size = chance.choice([*EDGES, chance.randrange(1, 200_000), chance.randrange(1, 2_500_000)])
    return chance.randbytes(size)


async def upload_until_killed(caller: Caller, books: Books, chance: random.Random, prefix: str) -> None:
    """Upload one recording after another; note each receipt the moment it is there."""
    with suppress(ClientError):
        for number in range(1_000_000):
            name = f"{prefix}-{number}.wav"
            books.sent[name] = some_content(chance)
            answer = await caller.upload(name, books.sent[name])
            assert answer.status == 201, answer.body
            books.receipts[name] = answer.json
            books.came.release()


async def kill_in_the_middle(service: Service, books: Books, chance: random.Random, turn: int) -> None:
    """Upload with several connections at once, and end everything after some receipts and a moment."""
    enough, books.came = chance.randrange(1, 2 * UPLOADERS), asyncio.Semaphore(0)
    async with service.caller() as caller, asyncio.TaskGroup() as tasks:
        for number in range(UPLOADERS):
            tasks.create_task(upload_until_killed(caller, books, chance, f"{turn}-{number}"))
        for _ in range(enough):
            await books.came.acquire()
        # The random moment itself: not waited for, but drawn.
        await asyncio.sleep(chance.random() * LONGEST_WAIT_SECONDS)
        await asyncio.to_thread(service.kill9)


async def check_after_restart(service: Service, books: Books) -> None:
    """See that what was acknowledged opens and that nothing half-kept is listed; send everything again."""
    mine, books.sent = books.sent, {}
    async with service.caller() as caller:
        session = await caller.sign_in()
        listed = {item["file_name"]: item for item in await caller.waiting(session)}
        missing = books.receipts.keys() - listed.keys()
        assert not missing, f"acknowledged and lost: {missing}"
        for name in mine.keys() & listed.keys():
            answer = await caller.content(session, listed[name]["id"])
            assert answer.body == mine[name], f"{name} is not what was sent"
        for name, content in mine.items():
            again = await caller.upload(name, content)
            assert again.status == (200 if name in listed else 201)
            assert again.json["recording"] == listed.get(name, {"id": again.json["recording"]})["id"]
            assert again.json == books.receipts.setdefault(name, again.json), "another receipt for the same"
            assert again.json["sha256"] == sha256(content)


@pytest.mark.timeout(120 + 30 * KILLS)
async def test_no_kill_loses_what_was_acknowledged(founded: RealVault, tmp_path: Path) -> None:
    """Killed -9 while recordings come in: acknowledged ones open, others are whole or absent."""
    chance = dice()
    # Side by side: a start keeps one processor busy, and a busy machine tears more things apart.
    vaults = [founded.copied_to(tmp_path / name) for name in ("one", "two")]
    async with asyncio.TaskGroup() as tasks:
        for number, known in enumerate(vaults):
            tasks.create_task(kill_again_and_again(known, chance, range(number, KILLS, len(vaults))))


async def kill_again_and_again(known: RealVault, chance: random.Random, turns: range) -> None:
    """Kill one vault's service in the middle of uploads, so often; see what is there at the end."""
    books = Books()
    with serving(known) as service:
        for turn in turns:
            service.workers = 1 + (turn % 4 == 0)
            await kill_in_the_middle(service, books, chance, turn)
            await service.restarted()
            await check_after_restart(service, books)
        await service.stopped()

    async with known.opened() as vault:
        swept = await sweep_everything_unknown(vault)
        say(f"{len(books.receipts)} receipts, {swept} leftover payloads swept")
        await check_the_whole_vault(known, vault, books)


async def sweep_everything_unknown(vault: Vault) -> int:
    """Do what the sweep does, whatever the age of a payload: no upload is under way."""
    nothing_is_young = replace(vault.policy, blob_sweep_age=timedelta(0))
    return await sweep_blobs(replace(vault, policy=nothing_is_young))


async def check_the_whole_vault(known: RealVault, vault: Vault, books: Books) -> None:
    """See that the recordings are exactly those of the receipts, all of them open, and nothing else lies."""
    async with vault.reading() as rows:
        recordings = {r.id: r async for r in rows.recordings.scan()}
    assert recordings.keys() == {receipt["recording"] for receipt in books.receipts.values()}
    visitor = await known.visit(vault)
    for name, receipt in books.receipts.items():
        opened = await open_recording(vault, visitor, RecordingId(receipt["recording"]))
        got = b"".join([piece async for piece in opened.plaintext(0, receipt["bytes"])])
        assert sha256(got) == receipt["sha256"], name
    blobs = sorted(path.name for path in (known.data / "blobs").glob("??/*"))
    assert blobs == sorted(recording.blob for recording in recordings.values())
    assert (await verify_log(vault)).findings == []
