"""The whole way on a real PostgreSQL: two services over one database, a server that goes away, a move."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from tests.harness.postgres import Server
from tests.harness.postgres_vaults import URL, ServerVault
from tests.harness.service import Service, serving
from tests.harness.tcp_proxy import proxying
from tests.harness.vaults import RealVault, sha256
from vault.errors import DatabaseMoved, LogBehind

CONTENT = b"RIFF" + os.urandom(200_000)


@pytest.fixture
def on_server(founded_on_postgresql: RealVault, tmp_path: Path) -> ServerVault:
    """A vault of this test's own on PostgreSQL."""
    copy = founded_on_postgresql.copied_to(tmp_path / "vault")
    assert isinstance(copy, ServerVault)
    return copy


async def collect(service: Service, recording: str, content: bytes) -> None:
    """Collect a recording as a customer does, and see that it is gone for good."""
    async with service.caller() as caller:
        session = await caller.sign_in()
        await caller.must_wait(session, recording, content)
        answer = await caller.receipt(session, recording, sha256(content))
        assert answer.json["state"] == "shredded"
        assert (await caller.content(session, recording)).code == "collected"


def must_verify(service: Service) -> int:
    """See that the log verifies by the command; return its size."""
    told = json.loads(service.command("--format", "json", "audit", "verify"))
    assert told["ok"]
    return int(told["size"])


async def test_two_services_share_one_database(on_server: ServerVault) -> None:
    """What one service takes another gives out, at once and in one dense log; each may come and go."""
    with serving(on_server, workers=2) as one, serving(on_server) as two:
        async with one.caller() as here, two.caller() as there:
            uploads = [
                (here, there)[number % 2].upload(f"{number}.wav", CONTENT + bytes([number]))
                for number in range(16)
            ]
            answers = await asyncio.gather(*uploads)
        assert {answer.status for answer in answers} == {201}
        assert len({answer.json["log_index"] for answer in answers}) == 16
        collections = [
            collect((two, one)[number % 2], answers[number].json["recording"], CONTENT + bytes([number]))
            for number in range(4)
        ]
        await asyncio.gather(*collections)
        one.stop()
        await collect(two, answers[7].json["recording"], CONTENT + bytes([7]))
        must_verify(two)
        two.stop()


async def test_a_server_that_goes_away_loses_nothing(on_server: ServerVault) -> None:
    """While the database is away the service says so and takes nothing; then it goes on without a restart."""
    server = on_server.server
    with proxying("127.0.0.1", server.port) as proxy:
        far = on_server.with_setting(URL, server.tcp_url(on_server.database, port=proxy.port))
        with serving(far) as service:
            async with service.caller() as caller:
                first = await caller.upload("first.wav", CONTENT)
                proxy.refuse()
                assert (await caller.upload("second.wav", CONTENT)).status == 503
                ready = await caller.call("GET", "/readyz")
                assert ready.status == 503
                assert "database_unavailable" in ready.body.decode()
                proxy.forward()
                assert (await caller.call("GET", "/readyz")).status == 200
                assert (await caller.upload("second.wav", CONTENT)).status == 201
                again = await caller.upload("first.wav", CONTENT)
                assert (again.status, again.json) == (200, first.json)
            await collect(service, first.json["recording"], CONTENT)
            must_verify(service)
            service.stop()
        log = service.log_file.read_text()
    assert server.password not in log


async def test_yesterdays_database_does_not_serve(on_server: ServerVault) -> None:
    """A database put back from a copy is behind the head beside the slots: it opens nothing."""
    yesterday = on_server.on(on_server.server.create(template=on_server.database))
    async with on_server.opened() as vault:
        await on_server.upload(vault, CONTENT)

    with pytest.raises(LogBehind):
        async with yesterday.opened():
            pass


async def test_a_vault_moves_there_and_back(real_vault: RealVault, postgres: Server) -> None:
    """By the command, to PostgreSQL and back: all is there, and no database it left ever serves again."""
    async with real_vault.opened() as vault:
        kept = await real_vault.upload(vault, CONTENT)
    name = postgres.create()
    there = real_vault.with_setting(URL, postgres.url(name))
    back = real_vault.with_setting(URL, "sqlite:///back.sqlite")
    copy = real_vault.copied_to(real_vault.data.with_name("copy"))

    move(real_vault, postgres.url(name))
    async with there.opened() as vault:
        another = await there.upload(vault, b"another", name="another.wav")
    move(there, "sqlite:///back.sqlite")

    with serving(back) as service:
        await collect(service, kept.recording, CONTENT)
        await collect(service, another.recording, b"another")
        must_verify(service)
        listed = service.command("--format", "json", "audit", "list", "--action", "database.moved")
        assert len(json.loads(listed)) == 2
        service.stop()
    for left in (real_vault, there):
        with pytest.raises(DatabaseMoved):
            async with left.opened():
                pass
    # A copy from before the move bears no mark. The head beside the slots is ahead of it.
    (real_vault.data / "vault.sqlite").write_bytes((copy.data / "vault.sqlite").read_bytes())
    with pytest.raises(LogBehind):
        async with real_vault.opened():
            pass


def move(known: RealVault, url: str) -> None:
    """Run `callvault migrate-database` over a vault."""
    service = Service(known, known.data.with_name("moving.log"))
    told = json.loads(service.command("--format", "json", "migrate-database", "--to", url))
    assert told["ok"]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:secret@127.0.0.1:1/x",
        "postgresql://me@127.0.0.1:1/x?sslmode=require&password=secret",
        "postgresql://me@127.0.0.1:1/x?pass%77ord=secret",
        "postgresql://[secret",
    ],
)
def test_a_password_is_never_an_argument(real_vault: RealVault, url: str) -> None:
    """A URL with a password is refused, unsaid, before anything is touched, wherever it stands."""
    service = Service(real_vault, real_vault.data.with_name("moving.log"))
    service.command("migrate-database", "--to", url, expect=2)
    service.command("audit", "verify")
