"""Promise 5: link scanners, prefetchers and whoever sends nonsense change nothing, signed in or not."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator

import pytest

from tests.harness.customer import Caller, Headers, content_path
from tests.harness.service import Service
from tests.harness.vaults import RealVault
from vault.domain.event import Action
from vault.ports.log import EventFilter

CONTENT = b"RIFF" + os.urandom(20_000)
SCANNERS: tuple[Headers, ...] = (
    {"User-Agent": "Mozilla/5.0 (compatible; link preview)"},
    {"Sec-Purpose": "prefetch;prerender"},
    {"Purpose": "prefetch", "X-Moz": "prefetch"},
    {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
    {"Range": "bytes=0-1023"},
    {"If-Modified-Since": "Sun, 22 Nov 2026 00:00:00 GMT"},
)
NONSENSE: tuple[bytes, ...] = (b"", b"\0" * 50, b"{", b"[]", b"sha256=1", b"<xml/>", b'{"sha256": {"a": []}}')
CHANGES = {Action.RECORDING_COLLECTED, Action.RECORDING_SHREDDED, Action.RECORDING_OPENED}


@pytest.fixture
async def caller(service: Service) -> AsyncIterator[Caller]:
    """Whoever calls the service."""
    async with service.caller() as ready:
        yield ready


async def uploaded(caller: Caller) -> str:
    """Upload a recording under a new name; return its id."""
    answer = await caller.upload(f"{os.urandom(8).hex()}.wav", CONTENT)
    assert answer.status == 201
    return str(answer.json["recording"])


async def changes_in(service: Service) -> int:
    """Return how many entries of the log say that something was opened, collected or destroyed."""
    async with service.beside() as vault, vault.reading() as rows:
        return sum([len(await rows.events.list(EventFilter(action=each), limit=1000)) for each in CHANGES])


async def test_a_link_that_is_only_looked_at_does_nothing(
    service: Service, caller: Caller, real_vault: RealVault
) -> None:
    """The link's page, fetched by every kind of scanner, with the token where a client may misplace it."""
    recording = await uploaded(caller)
    before = await changes_in(service)
    link = service.known.link

    for headers in SCANNERS:
        for path in ("/collect", f"/collect?{link}", f"/collect?token={link}&password=x", "/"):
            for method in ("GET", "HEAD"):
                answer = await caller.call(method, path, headers=headers)
                assert answer.status in {200, 206, 303, 304}
                assert recording.encode() not in answer.body
    for path in (f"/collect/{link}", f"/v1/collect/{link}", f"/v1/collect/recordings?link={link}"):
        assert (await caller.call("GET", path)).status in {401, 404}

    assert await changes_in(service) == before
    await caller.must_wait(await caller.sign_in(), recording, CONTENT)


async def test_nobody_signed_in_reaches_nothing(service: Service, caller: Caller) -> None:
    """Every method on every path of a collection, without a session or with another's token, is refused."""
    recording = await uploaded(caller)
    before = await changes_in(service)
    known = service.known
    digest = hashlib.sha256(CONTENT).hexdigest()
    strangers = (
        None,
        f"Bearer {known.bearer}",
        f"Bearer {known.link}",
        f"Bearer {known.password}",
        "Basic Og==",
    )
    paths = (content_path(recording), content_path(recording).replace("/content", "/receipt"))

    for authorization in strangers:
        headers = {"Authorization": authorization} if authorization else {}
        for path in (*paths, "/v1/collect/recordings", "/v1/collect/sessions/current"):
            for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
                answer = await caller.call(method, path, headers=headers, json={"sha256": digest})
                assert answer.status in {401, 404, 405}, (method, path, answer.status)

    assert await changes_in(service) == before
    await caller.must_wait(await caller.sign_in(), recording, CONTENT)


async def test_wrong_methods_and_nonsense_destroy_nothing(service: Service, caller: Caller) -> None:
    """A signed-in customer's OPTIONS, PUT, DELETE and bodies that are no receipt leave the recording."""
    recording, session = await uploaded(caller), await caller.sign_in()
    before = await changes_in(service)
    content = content_path(recording)
    receipt = content.replace("/content", "/receipt")

    for method, path in (
        *((method, content) for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS")),
        *((method, receipt) for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS")),
        *((method, "/collect") for method in ("POST", "PUT", "DELETE", "OPTIONS")),
        ("DELETE", content.removesuffix("/content")),
        ("POST", receipt + "/"),
        ("POST", receipt.replace(recording, recording[:8])),
    ):
        digest = {"sha256": hashlib.sha256(CONTENT).hexdigest()}
        answer = await caller.call(method, path, headers=session, json=digest)
        assert answer.status in {404, 405}, (method, path, answer.status)
    for body in NONSENSE:
        for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded"):
            headers = {**session, "Content-Type": kind}
            answer = await caller.call("POST", receipt, headers=headers, data=body)
            assert answer.status in {400, 415}, (kind, body, answer.status)

    assert await changes_in(service) == before
    await caller.must_wait(session, recording, CONTENT)
