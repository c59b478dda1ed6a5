"""Promise 5 behind nginx, as shipped and with its own buffers, and without: nothing that is cut off is gone.

CALLVAULT_TEST_ABORTS sets how many readings are cut off at a random byte, and makes them of 60 MB; the long
form is 100.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession, TCPConnector

from tests.harness.chance import dice, from_environment
from tests.harness.customer import Caller, calling, content_path
from tests.harness.http_door import Wire, request_head
from tests.harness.nginx import in_front_of
from tests.harness.service import Service, serving
from tests.harness.vaults import RealVault
from vault.domain.event import Action
from vault.domain.names import RecordingId
from vault.ports.log import EventFilter

ABORTS = from_environment("CALLVAULT_TEST_ABORTS", 8)
LONG = "CALLVAULT_TEST_ABORTS" in os.environ
CONTENT = os.urandom((60 if LONG else 8) * 1_000_000)
PROXY = "127.0.0.1/32"
CUSTOMER, GUESSER = "127.0.0.2", "127.0.0.3"
GUESSES = 12


@dataclass(frozen=True)
class Front:
    """A service, and the URLs at which it is reached: directly, and through nginx."""

    service: Service
    urls: dict[str, str]

    async def ended(self, recording: str) -> list[str]:
        """Return what the log says of the recording's end."""
        async with self.service.beside() as vault, vault.reading() as rows:
            found = [
                await rows.events.list(EventFilter(action=action, recording=RecordingId(recording)))
                for action in (Action.RECORDING_COLLECTED, Action.RECORDING_SHREDDED)
            ]
        return [str(entry.index) for entries in found for entry in entries]


@pytest.fixture(scope="module")
def front(founded: RealVault, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """The real service behind two proxies; nginx's own errors would be 502 and fail what asks."""
    folder = tmp_path_factory.mktemp("proxied")
    known = founded.copied_to(folder / "vault").with_setting("CALLVAULT_HTTP__TRUSTED_PROXIES", PROXY)
    with ExitStack() as stack:
        service = stack.enter_context(serving(known, workers=2))
        urls = {
            "shipped": stack.enter_context(in_front_of(service.url, folder / "shipped")),
            "buffering": stack.enter_context(in_front_of(service.url, folder / "buffering", buffering=True)),
            "direct": service.url,
        }
        yield Front(service, urls)
        service.stop()
    shutil.rmtree(folder / "vault")


@pytest.fixture(params=["shipped", "buffering", "direct"])
async def caller(front: Front, request: pytest.FixtureRequest) -> AsyncIterator[Caller]:
    """Whoever calls, by each way in."""
    async with calling(front.urls[request.param], front.service.known) as ready:
        yield ready


async def hang_up(caller: Caller, path: str, authorization: str, after_bytes: int) -> None:
    """Read so much of the answer, and be gone without a word."""
    url = urlsplit(caller.url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    wire = Wire(reader, writer)
    await wire.send(request_head(f"GET {path}", f"Authorization: {authorization}"))
    assert (await wire.head()).startswith(b"HTTP/1.1 200 ")
    if after_bytes:
        await wire.reader.readexactly(after_bytes)
    writer.transport.abort()


async def test_hanging_up_anywhere_destroys_nothing(front: Front, caller: Caller) -> None:
    """A proxy may have read all of it when its client is gone: the recording waits, and collects whole."""
    uploaded = await caller.upload(f"{os.urandom(8).hex()}.wav", CONTENT)
    assert uploaded.status == 201, uploaded.body
    recording, session, chance = uploaded.json["recording"], await caller.sign_in(), dice()
    for number in range(ABORTS):
        after = (0, 1, len(CONTENT) - 1)[number] if number < 3 else chance.randrange(len(CONTENT))
        await hang_up(caller, content_path(recording), session["Authorization"], after)

    await caller.must_wait(session, recording, CONTENT)
    assert await front.ended(recording) == []
    answer = await caller.receipt(session, recording, hashlib.sha256(CONTENT).hexdigest())
    assert (answer.status, answer.json["state"]) == (200, "shredded")


async def test_scanners_and_conditions_destroy_nothing(front: Front, caller: Caller) -> None:
    """HEAD, the page, first bytes, prefetches, 304, 412 and 416: the same through a proxy as without."""
    content = CONTENT[:300_000]
    recording = (await caller.upload(f"{os.urandom(8).hex()}.wav", content)).json["recording"]
    session, path = await caller.sign_in(), content_path(recording)
    tag = (await caller.call("HEAD", path, headers=session)).headers["ETag"]
    expected = (
        ({"Range": "bytes=0-0"}, 206),
        ({"Sec-Purpose": "prefetch;prerender", "Range": "bytes=0-"}, 206),
        ({"If-None-Match": tag}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-Match": '"another"'}, 412),
        ({"Range": "bytes=300000-"}, 416),
        ({"Range": "bytes=9-1"}, 200),
    )
    for headers, status in expected:
        assert (await caller.call("GET", path, headers={**session, **headers})).status == status, headers
        assert (await caller.call("HEAD", path, headers={**session, **headers})).status in {200, 304, 412}
        assert (await caller.call("GET", "/collect", headers=headers)).status in {200, 206, 304}

    await caller.must_wait(session, recording, content)
    assert await front.ended(recording) == []


async def sign_in_by_name(front: Front, client: str, password: str, **headers: str) -> int:
    """Sign in through the shipped proxy from an address of loopback; return the status."""
    body = {"customer": "acme", "password": password}
    connector = TCPConnector(local_addr=(client, 0), force_close=True)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with (
        ClientSession(connector=connector) as http,
        http.post(f"{front.urls['shipped']}/v1/collect/sessions", json=body, headers=sent) as answer,
    ):
        return answer.status


async def test_nobody_speaks_for_another_address(front: Front) -> None:
    """The limit sees who asks, not what they say: a customer's network is its own, whoever claims it."""
    password = front.service.known.password
    assert await sign_in_by_name(front, CUSTOMER, password) == 201
    claims = {
        "X_Forwarded_For": CUSTOMER,
        "Forwarded": f"for={CUSTOMER}",
        "X_Real_IP": CUSTOMER,
        "Client_IP": CUSTOMER,
    }

    guesses = [await sign_in_by_name(front, GUESSER, "wrong", **claims) for _ in range(GUESSES)]

    assert guesses == [403] * 10 + [429] * 2
    assert await sign_in_by_name(front, CUSTOMER, password) == 201
    assert await sign_in_by_name(front, "127.0.0.4", password) == 429  # unknown there: the name's own bucket
    lines = front.service.log_file.read_text()
    assert lines.count(f'"address": "{GUESSER}"') == GUESSES
