"""Kill the service at random moments of uploads and collections, and see what is there afterwards.

Three at a time: the real one, and two in forks, which serve the same without the seconds that starting takes.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

from aiohttp import ClientError

from tests.faults.served import Killable, serving_in_a_fork
from tests.faults.trial import HalfKept, Lost, Trial
from tests.faults.workers import worker
from tests.harness.chance import dice
from tests.harness.customer import Answer, Caller, Headers
from tests.harness.service import serving
from tests.harness.vaults import RealVault, sha256
from vault.domain.names import RecordingId
from vault.domain.recording import RecordingState
from vault.ports.vault import Vault
from vault.usecases.delete_blobs import delete_queued_blobs
from vault.usecases.open_recording import open_recording
from vault.usecases.sweep_blobs import BlobSweep
from vault.usecases.verify_log import verify_log

UPLOADERS = 4
COLLECTORS = 2
LONGEST_WAIT_SECONDS = 0.1
EDGES = (1, 65535, 65536, 65537, 131072)
"""Sizes around the ends of chunks."""
TURNS_PER_VAULT = 8
"""Then a fresh one: what is checked after every kill grows with the vault."""

Serving = Callable[[RealVault], AbstractContextManager[Killable]]


@dataclass
class Books:
    """What was sent in this turn, by file name, and every answer that came back in all of them."""

    sent: dict[str, bytes] = field(default_factory=dict)
    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)
    collecting: dict[str, str] = field(default_factory=dict)
    """Recordings whose collection was asked for: id → digest."""
    certificates: dict[str, str] = field(default_factory=dict)
    came: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    """Released once for every upload's answer of this turn."""
    killed: bool = False
    """Whether this turn's service is."""


async def run(trial: Trial, known: RealVault, folder: Path) -> None:
    """Kill both kinds of service side by side."""
    chance, turns = dice(), trial.turns()
    origin = await known.copied_to(folder / "origin").signed_in()
    with ExitStack() as stack:
        doers = [stack.enter_context(worker(folder / "forks.log")) for _ in range(2)]
        sides: list[tuple[str, Serving]] = [
            ("callvault serve", partial(serving, workers=2)),
            *(("its forks", partial(serving_in_a_fork, doer)) for doer in doers),
        ]
        async with asyncio.TaskGroup() as tasks:
            for side in sides:
                tasks.create_task(_kill_one_side(trial, origin, side, turns, chance))


async def _kill_one_side(
    trial: Trial, known: RealVault, side: tuple[str, Serving], turns: Iterator[int], chance: random.Random
) -> None:
    kind, begin = side
    for first in turns:
        with trial.watched(f"{kind}, from kill {first}"):
            copy = known.copied_to(known.data.with_name(f"{kind} {first}"))
            kills = _counted(trial, kind, chain((first,), islice(turns, TURNS_PER_VAULT - 1)))
            books = await kill_again_and_again(copy, begin, kills, chance)
            trial.note("receipts", len(books.receipts))
            trial.note("certificates", len(books.certificates))


def _counted(trial: Trial, kind: str, turns: Iterator[int]) -> Iterator[int]:
    for turn in turns:
        yield turn
        trial.note(f"of {kind}")


async def kill_again_and_again(
    known: RealVault, begin: Serving, turns: Iterator[int], chance: random.Random
) -> Books:
    """Kill one vault's service in each turn; see what is there at the end."""
    books = Books()
    with begin(known) as service:
        for turn in turns:
            await _kill_in_the_middle(service, known, books, chance, turn)
            await service.restarted()
            await _check_after_restart(service, known, books)
        await service.stopped()
    async with known.opened() as vault:
        await _sweep_everything_unknown(vault)
        await _check_the_whole_vault(known, vault, books)
    return books


async def _kill_in_the_middle(
    service: Killable, known: RealVault, books: Books, chance: random.Random, turn: int
) -> None:
    """Upload and collect on several connections at once; end everything after some answers and a moment."""
    enough, books.came, books.killed = chance.randrange(UPLOADERS), asyncio.Semaphore(0), False
    session = {"Authorization": f"Bearer {known.session}"}
    async with service.caller() as caller, asyncio.TaskGroup() as tasks:
        for number in range(UPLOADERS):
            tasks.create_task(_upload_until_killed(caller, books, chance, f"{turn}-{number}"))
        for number in range(COLLECTORS):
            tasks.create_task(_collect_until_killed(caller, session, books, number))
        for _ in range(enough):
            await books.came.acquire()
        # The random moment itself: not waited for, but drawn.
        await asyncio.sleep(chance.random() * LONGEST_WAIT_SECONDS)
        await asyncio.to_thread(service.kill9)
        books.killed = True


async def _upload_until_killed(caller: Caller, books: Books, chance: random.Random, prefix: str) -> None:
    """Upload one recording after another; note each receipt the moment it is there."""
    with suppress(ClientError):
        for number in range(1_000_000):
            name = f"{prefix}-{number}.wav"
            books.sent[name] = _some_content(chance)
            answer = await caller.upload(name, books.sent[name])
            assert answer.status == 201, answer.body
            books.receipts[name] = answer.json
            books.came.release()


async def _collect_until_killed(caller: Caller, session: Headers, books: Books, number: int) -> None:
    """Prove to hold every other recording; note each certificate the moment it is there."""
    with suppress(ClientError):
        while not books.killed:
            waiting = [r for r in list(books.receipts.values()) if _is_to_go(r, books, number)]
            for receipt in waiting[:1]:
                books.collecting[receipt["recording"]] = receipt["sha256"]
                answer = await caller.receipt(session, receipt["recording"], receipt["sha256"])
                books.certificates[receipt["recording"]] = _certificate(answer)
            await asyncio.sleep(0 if waiting else 0.01)


def _is_to_go(receipt: dict[str, Any], books: Books, number: int) -> bool:
    """Say whether that collector is to take this recording: each takes a quarter, half of all stay."""
    return receipt["log_index"] % 4 == number and receipt["recording"] not in books.collecting


def _certificate(answer: Answer) -> str:
    assert (answer.status, answer.json["state"]) == (200, "shredded"), answer.body
    return str(answer.json["certificate"])


def _some_content(chance: random.Random) -> bytes:
    """Return a recording of some size, often at the end of a chunk, sometimes of several pieces."""
    size = chance.choice([*EDGES, chance.randrange(1, 200_000), chance.randrange(1, 2_500_000)])
    return chance.randbytes(size)


async def _check_after_restart(service: Killable, known: RealVault, books: Books) -> None:
    """See that what was acknowledged opens, what was destroyed is gone, and nothing is half-kept."""
    mine, books.sent = books.sent, {}
    session = {"Authorization": f"Bearer {known.session}"}
    async with service.caller() as caller:
        listed = {item["file_name"]: item for item in await caller.waiting(session)}
        for name, receipt in books.receipts.items():
            if name not in listed and receipt["recording"] not in books.collecting:
                raise Lost(f"{name} was acknowledged and is not there")
            if name in listed and receipt["recording"] in books.certificates:
                raise Lost(f"{name} was certified as destroyed and is there again")
        for name in mine.keys() & listed.keys():
            answer = await caller.content(session, listed[name]["id"])
            if answer.body != mine[name]:
                raise HalfKept(f"{name} is not what was sent: {answer.status}, {len(answer.body)} bytes")
        await _ask_again(caller, session, books, {item["id"] for item in listed.values()})
        await _send_again(caller, books, mine, listed)


async def _ask_again(caller: Caller, session: Headers, books: Books, listed: set[str]) -> None:
    """See that a collection that was cut off has happened, wholly, or not at all."""
    for recording in books.collecting.keys() - listed:
        again = _certificate(await caller.receipt(session, recording, books.collecting[recording]))
        assert books.certificates.setdefault(recording, again) == again, "another certificate for the same"
    for recording in books.collecting.keys() & listed:
        del books.collecting[recording]


async def _send_again(
    caller: Caller, books: Books, mine: dict[str, bytes], listed: dict[str, dict[str, Any]]
) -> None:
    """See that the same upload has the same receipt, and that one that was cut off is taken now."""
    for name, content in mine.items():
        again = await caller.upload(name, content)
        known = name in listed or name in books.receipts
        assert again.status == (200 if known else 201), (name, again.status, again.body)
        assert again.json["recording"] == listed.get(name, {"id": again.json["recording"]})["id"]
        assert again.json == books.receipts.setdefault(name, again.json), "another receipt for the same"
        assert again.json["sha256"] == sha256(content)


async def _sweep_everything_unknown(vault: Vault) -> int:
    """Do what the sweep does, whatever the age of a payload: no upload is under way."""
    await delete_queued_blobs(vault)
    nothing_is_young = replace(vault.policy, blob_sweep_age=timedelta(0))
    sweep = BlobSweep()
    return sum([await sweep(replace(vault, policy=nothing_is_young)) for _ in range(2)])


async def _check_the_whole_vault(known: RealVault, vault: Vault, books: Books) -> None:
    """See that the recordings are exactly those of the receipts, and nothing else lies there."""
    async with vault.reading() as rows:
        recordings = {r.id: r async for r in rows.recordings.scan()}
    if recordings.keys() != {receipt["recording"] for receipt in books.receipts.values()}:
        raise HalfKept("the recordings are not those of the receipts")
    visitor = await known.visit(vault)
    for name, receipt in books.receipts.items():
        recording = RecordingId(receipt["recording"])
        if recording in books.certificates:
            if recordings[recording].state is not RecordingState.SHREDDED:
                raise HalfKept(f"{name} was certified and is {recordings[recording].state}")
            continue
        opened = await open_recording(vault, visitor, recording)
        got = b"".join([piece async for piece in opened.plaintext(0, receipt["bytes"])])
        if sha256(got) != receipt["sha256"]:
            raise HalfKept(f"{name} does not open as it was sent")
    blobs = sorted(path.name for path in (known.data / "blobs").glob("??/*"))
    living = (r for r in recordings.values() if r.state is not RecordingState.SHREDDED)
    assert blobs == sorted(recording.blob for recording in living), "payloads that belong to nothing"
    findings = (await verify_log(vault)).findings
    assert findings == [], f"the log: {findings}"
