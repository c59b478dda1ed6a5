"""One recording never holds up another: nothing that waits or computes long runs on the event loop.

CALLVAULT_TEST_LARGE_MIB sets the size of the large recording; the long form is 2,048.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from keys.age import FileKey, HybridIdentity, PasswordRecipient, PayloadSealer
from keys.identities import lock
from keys.secret import Secret
from tests.harness.chance import from_environment, say
from tests.harness.customer import Caller, calling, content_path
from tests.harness.http_door import HttpDoor, opened
from tests.harness.loop_watch import LoopWatch
from tests.harness.processes import forget_peak_memory, memory_bytes
from tests.harness.service import serving
from tests.harness.vaults import RealVault
from vault.domain.event import SERVICE
from vault.usecases.delete_blobs import delete_queued_blobs
from vault.usecases.export_log import export_log
from vault.usecases.finish_shreds import finish_shreds
from vault.usecases.sweep_blobs import BlobSweep
from vault.usecases.verify_log import verify_log

T = TypeVar("T")

MIB = 1 << 20
WATCHED_BYTES = 64 * MIB
LARGE_BYTES = from_environment("CALLVAULT_TEST_LARGE_MIB", 512) * MIB
MOST_GROWTH_BYTES = 96 * MIB
SECONDS = 60.0
BLOCK = os.urandom(MIB)


async def blocks(size: int) -> AsyncIterator[bytes]:
    """Yield so many bytes, every mebibyte another."""
    for number in range(size // MIB):
        yield number.to_bytes(8) + BLOCK[8:]


async def digest_of(pieces: AsyncIterator[bytes]) -> str:
    """Return the SHA-256 of what comes, none of it kept."""
    digest = hashlib.sha256()
    async for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


@dataclass
class ServerThread:
    """The HTTP door on an event loop of its own, so that no caller's work is on that loop."""

    loop: asyncio.AbstractEventLoop
    door: HttpDoor

    def run(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run something on the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)


@contextmanager
def server_thread(known: RealVault) -> Iterator[ServerThread]:
    """Open the door of a vault in a thread."""
    ready: Future[ServerThread] = Future()
    end = threading.Event()

    async def serve() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        try:
            async with opened(known) as door:
                ready.set_result(ServerThread(loop, door))
                waiting = loop.run_in_executor(None, end.wait)
                waiting.add_done_callback(lambda _: stop.set())
                await stop.wait()
        except BaseException as error:
            if not ready.done():
                ready.set_exception(error)
            raise

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        yield ready.result(SECONDS)
    finally:
        end.set()
        thread.join(SECONDS)
    assert not thread.is_alive()


async def everything_a_caller_does(caller: Caller, name: str, size: int) -> None:
    """Upload, sign in, list, read, read a part, confirm, sign out."""
    uploaded = await caller.upload(name, blocks(size))
    assert uploaded.status == 201, uploaded.body
    recording, digest = uploaded.json["recording"], uploaded.json["sha256"]
    session = await caller.sign_in()
    assert recording in [item["id"] for item in await caller.waiting(session)]
    part = await caller.content(session, recording, Range=f"bytes=100-{min(size, 3 * MIB)}")
    assert part.status == 206
    whole = await caller.content(session, recording)
    assert hashlib.sha256(whole.body).hexdigest() == digest
    assert (await caller.receipt(session, recording, digest)).json["state"] == "shredded"
    assert (await caller.call("DELETE", "/v1/collect/sessions/current", headers=session)).status == 204
    wrong = {"link": caller.known.link, "password": "not the password"}
    assert (await caller.call("POST", "/v1/collect/sessions", json=wrong)).status == 403
    for path in ("/readyz", "/collect", "/openapi.json"):
        assert (await caller.call("GET", path)).status == 200


async def everything_the_house_does(door: HttpDoor) -> None:
    """Do the chores, and what reads the whole log."""
    await delete_queued_blobs(door.vault)
    await BlobSweep()(door.vault)
    await finish_shreds(door.vault)
    assert (await verify_log(door.vault)).findings == []
    assert [path async for path, _ in export_log(door.vault, by=SERVICE)][-1] == "checkpoint"


class Watched:
    """What watches the server's loop while the test calls it."""

    def __init__(self, server: ServerThread, patch: pytest.MonkeyPatch) -> None:
        self._server, self._patch = server, patch
        self._begun: Future[LoopWatch] = Future()
        self._over = asyncio.Event()

    async def _watch(self) -> None:
        watch = LoopWatch()
        with watch.watching(self._patch):
            self._begun.set_result(watch)
            await self._over.wait()

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[LoopWatch]:
        """Watch from the beginning of the block to its end."""
        running = self._server.run(self._watch())
        try:
            yield await asyncio.wrap_future(self._begun)
        finally:
            self._server.loop.call_soon_threadsafe(self._over.set)
            await asyncio.wrap_future(running)


@pytest.fixture
def server(real_vault: RealVault) -> Iterator[ServerThread]:
    """The door of this test's vault, in a thread."""
    with server_thread(real_vault) as running:
        yield running


async def test_nothing_blocks_the_loop(server: ServerThread, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 64 MiB upload, its collection, sign-ins and chores: no disk, no long hash, no Argon2 on the loop."""
    async with calling(server.door.url(""), server.door.known) as caller:
        await everything_a_caller_does(caller, "first.wav", 2 * MIB)  # imports what is imported late
        await asyncio.wrap_future(server.run(everything_the_house_does(server.door)))

        async with Watched(server, monkeypatch)() as watch:
            await everything_a_caller_does(caller, "watched.wav", WATCHED_BYTES)
            await asyncio.wrap_future(server.run(everything_the_house_does(server.door)))

    assert sorted(watch.findings) == []


async def test_the_watch_sees(server: ServerThread, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What this module looks for is found where it is: each kind of blocking, done on the server's loop."""

    async def block() -> None:
        with (tmp_path / "file").open("wb") as file:
            os.fsync(file.fileno())
        hashlib.sha256(bytes(4096))
        time.sleep(0)  # noqa: ASYNC251 - as above
        with closing(sqlite3.connect(":memory:")) as database:
            database.execute("SELECT 1")
        sealer = PayloadSealer(FileKey.generate())
        sealer.update(bytearray(200_000))
        lock(HybridIdentity.generate(), [PasswordRecipient(Secret(b"six words"))])

    async with Watched(server, monkeypatch)() as watch:
        await asyncio.wrap_future(server.run(block()))

    names = {finding.partition(" from ")[0] for finding in watch.findings}
    assert names >= {"open", "fsync", "sha256 of 4096 bytes", "sleep", "execute", "hash_secret_raw"}
    assert names & {"encrypt", "encrypt_into"}


async def test_memory_does_not_grow_with_a_recording(real_vault: RealVault) -> None:
    """Uploading and collecting a large recording costs a worker a bounded amount of memory."""
    with serving(real_vault) as service:
        async with service.caller() as caller:
            await everything_a_caller_does(caller, "first.wav", 2 * MIB)
            session = await caller.sign_in()
            (worker,) = service.worker_pids
            before = memory_bytes(worker, "VmRSS")
            forget_peak_memory(worker)

            uploaded = await caller.upload("large.wav", blocks(LARGE_BYTES))
            assert uploaded.json["bytes"] == LARGE_BYTES
            path = caller.url + content_path(uploaded.json["recording"])
            async with caller.http.get(path, headers=session) as answer:
                digest = await digest_of(answer.content.iter_any())
            confirmed = await caller.receipt(session, uploaded.json["recording"], digest)
            peak = memory_bytes(worker, "VmHWM")

    say(f"{LARGE_BYTES >> 20} MiB cost {(peak - before) >> 10} KiB")
    assert confirmed.json["state"] == "shredded"
    assert peak - before < MOST_GROWTH_BYTES
