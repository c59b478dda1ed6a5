"""Promise 5: nothing that a reader or a proxy does destroys a recording its customer does not hold.

CALLVAULT_TEST_ABORTS sets how many readings are cut off at a random byte; the long form is 1,000.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import ClientError
from sqlalchemy import Executable, insert, update

from tests.harness.chance import dice, from_environment
from tests.harness.customer import Answer, Caller, Headers, content_path
from tests.harness.processes import eventually
from tests.harness.service import Service
from vault.db.engine import writing_engine
from vault.db.tables import holds
from vault.domain.event import SERVICE, Action
from vault.domain.names import CustomerName, RecordingId
from vault.ports.log import EventFilter
from vault.usecases.change_customer import change_customer

ABORTS = from_environment("CALLVAULT_TEST_ABORTS", 30)
MIB = 1 << 20
CONTENT = b"RIFF" + os.urandom(300_000)
LARGE = os.urandom(24 * MIB)
MOMENT = datetime(2026, 11, 22, tzinfo=UTC)


@dataclass(frozen=True)
class Scene:
    """A customer signed in, with one recording that waits for it."""

    service: Service
    caller: Caller
    session: Headers
    recording: str
    content: bytes

    @property
    def digest(self) -> str:
        """What its receipt must say."""
        return hashlib.sha256(self.content).hexdigest()

    async def logged(self, action: Action) -> int:
        """Return how often the log says so of the recording."""
        async with self.service.beside() as vault, vault.reading() as rows:
            which = EventFilter(action=action, recording=RecordingId(self.recording))
            return len(await rows.events.list(which))

    async def must_wait(self) -> None:
        """See that it is there as it was sent, and that the log knows of no collection."""
        await self.caller.must_wait(self.session, self.recording, self.content)
        assert await self.logged(Action.RECORDING_COLLECTED) == 0
        assert await self.logged(Action.RECORDING_SHREDDED) == 0

    async def read(self, **headers: str) -> Answer:
        """Read it, or a part."""
        return await self.caller.content(self.session, self.recording, **headers)

    async def confirm(self) -> Answer:
        """Send its receipt."""
        return await self.caller.receipt(self.session, self.recording, self.digest)


@asynccontextmanager
async def scene_of(service: Service, content: bytes = CONTENT) -> AsyncIterator[Scene]:
    """Upload a recording under a name of its own and sign its customer in."""
    async with service.caller() as caller:
        uploaded = await caller.upload(f"{os.urandom(8).hex()}.wav", content)
        assert uploaded.status == 201, uploaded.body
        session = await caller.sign_in()
        yield Scene(service, caller, session, uploaded.json["recording"], content)


@pytest.fixture
async def scene(service: Service) -> AsyncIterator[Scene]:
    """A recording that waits, and its customer."""
    async with scene_of(service) as ready:
        yield ready


async def test_heads_ranges_and_conditions_destroy_nothing(scene: Scene) -> None:
    """HEAD, every shape of Range, If-Range, 304, 412 and 416 give the right bytes and leave the recording."""
    content, size = scene.content, len(scene.content)
    head = await scene.caller.call("HEAD", content_path(scene.recording), headers=scene.session)
    tag = head.headers["ETag"]
    assert (head.status, head.headers["Content-Length"]) == (200, str(size))
    expected: list[tuple[dict[str, str], int, bytes]] = [
        ({"Range": "bytes=0-0"}, 206, content[:1]),
        ({"Range": "bytes=-1"}, 206, content[-1:]),
        ({"Range": f"bytes=-{size * 2}"}, 206, content),
        ({"Range": "bytes=65535-65536"}, 206, content[65535:65537]),
        ({"Range": f"bytes=0-{size - 1}"}, 206, content),
        ({"Range": "bytes=100000-"}, 206, content[100000:]),
        ({"Range": "bytes=0-1,5-9,-3"}, 200, content),
        ({"Range": "bytes=9-1"}, 200, content),
        ({"Range": "lines=1-2"}, 200, content),
        ({"Range": "bytes=7-9", "If_Range": tag}, 206, content[7:10]),
        ({"Range": "bytes=7-9", "If_Range": '"another"'}, 200, content),
        ({"Range": "bytes=7-9", "If_Range": "Sun, 22 Nov 2026 00:00:00 GMT"}, 200, content),
        ({"If_None_Match": tag}, 304, b""),
    ]
    for headers, status, body in expected:
        answer = await scene.read(**headers)
        assert (answer.status, answer.body) == (status, body), headers
    for headers, status in (({"Range": f"bytes={size}-"}, 416), ({"If_Match": '"another"'}, 412)):
        assert (await scene.read(**headers)).status == status

    await scene.must_wait()
    assert await scene.logged(Action.RECORDING_OPENED) == 1


async def test_readings_cut_off_anywhere_destroy_nothing(service: Service) -> None:
    """A reader that goes away after any number of bytes, the last one included, leaves the recording."""
    chance = dice()
    async with scene_of(service, LARGE[: 3 * MIB]) as scene:
        authorization = f"Authorization: {scene.session['Authorization']}"
        for number in range(ABORTS):
            stop = chance.choice([0, 1, len(scene.content), chance.randrange(len(scene.content))])
            got = await read_and_abort(scene, authorization, stop)
            assert scene.content.startswith(got), f"wrong bytes before abort {number}"

        await scene.must_wait()


async def read_and_abort(scene: Scene, authorization: str, stop: int) -> bytes:
    """Read so many bytes of the body on a bare connection, and reset it."""
    host, port = scene.caller.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = (f"GET {content_path(scene.recording)} HTTP/1.1", f"Host: {host}", authorization, "", "")
    writer.write("\r\n".join(lines).encode())
    got = b""
    with suppress(ConnectionError):
        if stop:
            assert b" 200 OK" in await reader.readuntil(b"\r\n\r\n")
            got = await reader.readexactly(stop)
    writer.transport.abort()
    return got


async def test_two_readers_in_turns_get_the_same(service: Service) -> None:
    """Two readers of one recording, piece by piece in turns, each in its session: both get all of it."""
    async with scene_of(service, LARGE[: 3 * MIB]) as scene:
        sessions = (scene.session, await scene.caller.sign_in())
        url = scene.caller.url + content_path(scene.recording)
        got = (bytearray(), bytearray())
        async with (
            scene.caller.http.get(url, headers=sessions[0]) as one,
            scene.caller.http.get(url, headers=sessions[1]) as two,
        ):
            while not (one.content.at_eof() and two.content.at_eof()):
                for answer, into in zip((one, two), got, strict=True):
                    into.extend(await answer.content.read(50_000))

        assert got[0] == scene.content
        assert got[1] == scene.content
        await scene.must_wait()


async def test_a_reader_under_way_never_gets_wrong_bytes(service: Service) -> None:
    """A receipt while another still reads: the reader gets the right bytes or an error, nothing else."""
    async with scene_of(service, LARGE) as scene:
        blob = await blob_of(scene)
        url = scene.caller.url + content_path(scene.recording)
        got = bytearray()
        with suppress(ClientError):
            async with scene.caller.http.get(url, headers=scene.session) as answer:
                got += await answer.content.read(256 * 1024)
                confirmed = await scene.confirm()
                await asyncio.to_thread(eventually, lambda: not blob.exists())
                async for piece in answer.content.iter_any():
                    got += piece

        assert confirmed.json["state"] == "shredded"
        assert scene.content.startswith(got)
        assert (await scene.read()).status == 410


async def blob_of(scene: Scene) -> Path:
    """Return where the recording's payload lies."""
    async with scene.service.beside() as vault, vault.reading() as rows:
        row = await rows.recordings.get(RecordingId(scene.recording))
    assert row is not None
    return scene.service.known.data / "blobs" / row.blob[:2] / row.blob


async def test_a_wrong_digest_destroys_nothing(scene: Scene) -> None:
    """Another digest is 409; no digest, half a digest or another type is 400; the recording stays."""
    other = hashlib.sha256(scene.content[:-1]).hexdigest()
    almost = scene.digest[:-1] + ("0" if scene.digest[-1] != "0" else "1")
    for digest in (other, almost, hashlib.sha256(b"").hexdigest()):
        answer = await scene.caller.receipt(scene.session, scene.recording, digest)
        assert (answer.status, answer.code) == (409, "digest_mismatch")
    path = f"/v1/collect/recordings/{scene.recording}/receipt"
    for body in ({}, {"sha256": None}, {"sha256": ""}, {"sha256": scene.digest[:32]}, [scene.digest], 7):
        assert (await scene.caller.call("POST", path, json=body, headers=scene.session)).status == 400
    for raw in (b"", scene.digest.encode(), b'{"sha256": "' + scene.digest.encode()):
        assert (await scene.caller.call("POST", path, data=raw, headers=scene.session)).status in {400, 415}

    await scene.must_wait()


async def test_two_hundred_at_once_destroy_once(scene: Scene) -> None:
    """A hundred readers and receipts each, over sessions and workers: one destruction, one certificate."""
    sessions = [scene.session, await scene.caller.sign_in()]

    readings, answers = await asyncio.gather(
        asyncio.gather(*(read_or_refused(scene, session) for session in sessions * 50)),
        asyncio.gather(
            *(scene.caller.receipt(session, scene.recording, scene.digest) for session in sessions * 50)
        ),
    )

    assert {*readings} <= {0, 200, 410}
    assert {answer.status for answer in answers} == {200}
    assert {answer.json["state"] for answer in answers} == {"shredded"}
    assert len({answer.json["certificate"] for answer in answers}) == 1
    assert await scene.logged(Action.RECORDING_COLLECTED) == 1
    assert await scene.logged(Action.RECORDING_SHREDDED) == 1


async def read_or_refused(scene: Scene, session: Headers) -> int:
    """Read all of it; return the status, 0 for a reading that the receipt overtook and cut off."""
    try:
        answer = await scene.caller.content(session, scene.recording)
    except ClientError:
        return 0
    assert answer.body == scene.content or answer.code == "collected"
    return answer.status


async def test_a_hold_beats_the_receipt(scene: Scene) -> None:
    """A held recording answers `held` and still opens, however often it is confirmed; released, it goes."""
    hold = {"id": "hold", "recording": scene.recording, "case": "2026/17", "placed_at": MOMENT}
    await change(scene, insert(holds).values(hold))
    for _ in range(3):
        answer = await scene.confirm()
        assert (answer.status, answer.json) == (200, {"state": "held", "certificate": None})
        assert (await scene.read()).body == scene.content
    assert await scene.logged(Action.RECORDING_SHREDDED) == 0

    await change(scene, update(holds).values(released_at=MOMENT))
    assert (await scene.confirm()).json["state"] == "shredded"


async def test_a_regime_beats_the_receipt(scene: Scene) -> None:
    """With delete-on-collection off by instruction a receipt answers `retained`, and the recording opens."""
    await instruct(scene, delete_on_collection=False)
    try:
        for _ in range(3):
            answer = await scene.confirm()
            assert (answer.status, answer.json) == (200, {"state": "retained", "certificate": None})
            assert (await scene.read()).body == scene.content
        assert await scene.logged(Action.RECORDING_SHREDDED) == 0
    finally:
        await instruct(scene, delete_on_collection=True)
    assert (await scene.confirm()).json["state"] == "shredded"


async def change(scene: Scene, statement: Executable) -> None:
    """Change the database as a command to come will."""
    engine = writing_engine(scene.service.known.settings.database.url)
    async with engine.begin() as connection:
        await connection.execute(statement)
    await engine.dispose()


async def instruct(scene: Scene, *, delete_on_collection: bool) -> None:
    """Record the customer's instruction."""
    async with scene.service.beside() as vault:
        await change_customer(
            vault,
            CustomerName("acme"),
            by=SERVICE,
            delete_on_collection=delete_on_collection,
            instructed_by="J. Smith, letter of 3 May",
        )
