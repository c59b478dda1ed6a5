"""The service as processes: any worker serves any session, a dead one is replaced, an end is a clean one."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import ClientError

from tests.harness.customer import Answer, Caller, content_path
from tests.harness.processes import eventually, kill, wait_for_end
from tests.harness.service import STOP_SECONDS, Service, serving
from tests.harness.vaults import RealVault
from vault.usecases.verify_log import verify_log

MIB = 1 << 20
CONTENT = b"RIFF" + os.urandom(300_000)
LARGE = os.urandom(24 * MIB)
LONG = LARGE[: 6 * MIB]
"""Its first half is more than is gathered before it is written."""
ROUNDS = 20


class HalfSent:
    """An upload whose second half is held back."""

    def __init__(self, caller: Caller, content: bytes) -> None:
        self._content = content
        self._rest = asyncio.Event()
        self._known = caller.known
        self._answer = asyncio.create_task(caller.upload("half.wav", self._body()))

    async def _body(self) -> AsyncIterator[bytes]:
        half = len(self._content) // 2
        yield self._content[:half]
        await self._rest.wait()
        yield self._content[half:]

    async def is_under_way(self) -> None:
        """Wait until the vault has written some of it."""

        def written() -> bool:
            return any((self._known.data / "blobs").glob("??/*.part"))

        await asyncio.to_thread(eventually, written)

    async def answer(self, *, send_the_rest: bool = True) -> Answer | None:
        """Send the rest, or not; return the answer, or None where the connection was cut."""
        if send_the_rest:
            self._rest.set()
        with suppress(ClientError):
            return await self._answer
        return None


async def kill_worker(service: Service, pid: int) -> None:
    """Kill a worker and wait until it is gone."""
    kill([pid])
    await asyncio.to_thread(wait_for_end, pid, STOP_SECONDS)


async def test_a_session_is_served_by_any_worker(any_vault: RealVault) -> None:
    """A session outlives every worker there was when it began: the ones that come after serve it too."""
    with serving(any_vault, workers=2) as service:
        async with service.caller() as caller:
            recording = (await caller.upload("call.wav", CONTENT)).json["recording"]
            sessions = [await caller.sign_in() for _ in range(3)]
            for pid in service.worker_pids:
                await kill_worker(service, pid)
                for session in sessions:  # by the other one
                    await caller.must_wait(session, recording, CONTENT)
                await asyncio.to_thread(service.replaced, pid)
            for session in sessions:
                await caller.must_wait(session, recording, CONTENT)
        service.stop()


async def test_a_killed_worker_is_replaced_and_requests_go_on(real_vault: RealVault) -> None:
    """Once a worker is dead no request fails, and soon there are as many as before; what it held is whole."""
    with serving(real_vault, workers=2) as service:
        async with service.caller() as caller:
            session = await caller.sign_in()
            first, second = service.worker_pids
            half = HalfSent(caller, LONG)
            await half.is_under_way()

            await kill_worker(service, first)
            for number in range(ROUNDS):
                assert (await caller.upload(f"{number}.wav", CONTENT)).status == 201
                assert len(await caller.waiting(session)) >= number + 1
            await asyncio.to_thread(service.replaced, first)
            await kill_worker(service, second)
            assert (await caller.upload("last.wav", CONTENT)).status == 201
            await asyncio.to_thread(service.replaced, first, second)

            answer = await half.answer()
            assert answer is None, "its worker is dead: the sender must not be told that it is safe"
            waiting = {item["file_name"] for item in await caller.waiting(session)}
            assert waiting == {*(f"{number}.wav" for number in range(ROUNDS)), "last.wav"}
        service.stop()


async def test_a_restart_keeps_sessions_and_links(real_vault: RealVault) -> None:
    """After a clean stop and a start on the same port, session, link and recording are as they were."""
    with serving(real_vault) as service:
        async with service.caller() as caller:
            recording = (await caller.upload("call.wav", CONTENT)).json["recording"]
            session = await caller.sign_in()
            await service.stopped()
            with pytest.raises(ClientError):
                await caller.call("GET", "/healthz")
            await asyncio.to_thread(service.start)

            await caller.must_wait(session, recording, CONTENT)
            await caller.must_wait(await caller.sign_in(), recording, CONTENT)


async def test_a_stop_lets_uploads_and_readings_end(real_vault: RealVault) -> None:
    """SIGTERM in the middle: the upload is finished and safe, the reader gets all of it, the exit is 0."""
    with serving(real_vault) as service:
        async with service.caller() as caller:
            recording = (await caller.upload("large.wav", LARGE)).json["recording"]
            session = await caller.sign_in()
            half = HalfSent(caller, LONG)
            await half.is_under_way()
            path = caller.url + content_path(recording)
            async with caller.http.get(path, headers=session) as reading:
                got = await reading.content.readexactly(100_000)
                stopping = asyncio.create_task(service.stopped())
                await asyncio.to_thread(eventually, lambda: refuses_connections(service))
                answer = await half.answer()
                got += await reading.content.read()
            await stopping
            assert hashlib.sha256(got).digest() == hashlib.sha256(LARGE).digest()
            assert answer is not None
            assert answer.status == 201

            await asyncio.to_thread(service.start)
            await caller.must_wait(session, answer.json["recording"], LONG)
            await caller.must_wait(session, recording, LARGE)


async def test_a_stop_does_not_wait_for_ever(real_vault: RealVault) -> None:
    """An upload that never ends and a reader that takes nothing are cut off; nothing kept; still exit 0."""
    impatient = real_vault.with_setting("CALLVAULT_LIMITS__SHUTDOWN_SECONDS", "1")
    with serving(impatient) as service:
        async with service.caller() as caller:
            recording = (await caller.upload("large.wav", LARGE)).json["recording"]
            session = await caller.sign_in()
            half = HalfSent(caller, LONG)
            await half.is_under_way()
            path = caller.url + content_path(recording)
            async with caller.http.get(path, headers=session) as reading:
                got = await reading.content.readexactly(100_000)
                await service.stopped()
                with suppress(ClientError):
                    got += await reading.content.read()
            answer = await half.answer(send_the_rest=True)
            assert LARGE.startswith(got)
            assert answer is None or answer.status in {408, 503}

            left = list((real_vault.data / "blobs").glob("??/*"))
            await asyncio.to_thread(service.start)
            assert [item["id"] for item in await caller.waiting(session)] == [recording]
            await caller.must_wait(session, recording, LARGE)
            assert len(left) == 1
        async with service.beside() as vault:
            assert (await verify_log(vault)).findings == []


async def test_workers_end_with_their_supervisor(real_vault: RealVault) -> None:
    """A supervisor that is killed leaves nobody behind, and another service can take its place at once."""
    with serving(real_vault, workers=2) as service:
        async with service.caller() as caller:
            recording = (await caller.upload("call.wav", CONTENT)).json["recording"]
            await asyncio.to_thread(service.kill_supervisor)
            await asyncio.to_thread(service.start)
            await caller.must_wait(await caller.sign_in(), recording, CONTENT)


def refuses_connections(service: Service) -> bool:
    """Say whether nobody listens at the service's port any more."""
    port = int(service.url.rpartition(":")[2])
    listening = f":{port:04X} 00000000:0000 0A"
    return listening not in Path("/proc/net/tcp").read_text()
