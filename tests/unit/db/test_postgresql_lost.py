"""Connections to PostgreSQL that are cut: nothing is lost, nothing is doubled, and all goes on by itself."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import Connection, ExceptionContext, event

from tests.contract.database.samples import ACME, OPENED, append, verified_size
from tests.fakes.clock import SettableClock
from tests.fakes.notary import FakeNotary
from tests.harness.postgres import Server
from tests.harness.tcp_proxy import TcpProxy, proxying
from vault.audit.tree import Frontier
from vault.db import group
from vault.db.database import SqlDatabase
from vault.domain.names import CustomerId, CustomerName
from vault.errors import DatabaseUnavailable, LogUnavailable, NameTaken, Unavailable


@dataclass(frozen=True)
class Far:
    """A database behind a proxy, and what its slots were told."""

    database: SqlDatabase
    proxy: TcpProxy
    server: Server
    name: str
    told: list[int]

    def at_next_commit(self, trouble: Callable[[], object]) -> None:
        """Let the network do something in the moment before the next COMMIT is sent."""

        def strike(_connection: Connection) -> None:
            trouble()

        event.listen(self.database._writer.sync_engine, "commit", strike, once=True)

    def mends_at_the_first_error(self) -> None:
        """Let the network be well again as soon as the vault has noticed that it is not."""

        def mend(_error: ExceptionContext) -> None:
            self.proxy.forward()

        event.listen(self.database._writer.sync_engine, "handle_error", mend)


@pytest.fixture
def proxy(postgres: Server) -> Iterator[TcpProxy]:
    """The network between the vault and its database."""
    with proxying("127.0.0.1", postgres.port) as network:
        yield network


@pytest.fixture
async def far(postgres: Server, postgresql_url: str, proxy: TcpProxy) -> AsyncIterator[Far]:
    """The database, open, behind that network."""
    name, told = postgresql_url.rpartition("@/")[2].partition("?")[0], []

    async def tell(frontier: Frontier) -> None:
        told.append(frontier.size)

    url = postgres.tcp_url(name, port=proxy.port)
    database = await SqlDatabase.open(url, clock=SettableClock(), notary=FakeNotary(tell))
    yield Far(database, proxy, postgres, name, told)
    proxy.forward()
    await database.close()


async def test_a_commit_whose_answer_is_lost_is_found(far: Far) -> None:
    """COMMIT arrives, its answer never does: the vault looks, finds its entries, and answers as always."""
    await append(far.database)
    far.mends_at_the_first_error()
    far.at_next_commit(lambda: far.proxy.reset_after(0, towards="client"))

    await asyncio.gather(append(far.database, 2), append(far.database))

    assert far.told == [1, 4]
    assert await verified_size(far.database) == 4


async def test_a_commit_that_never_arrived_is_no_success(far: Far) -> None:
    """The connection is cut under COMMIT: everybody hears it, nothing of theirs stays, and all goes on."""
    await append(far.database)
    far.mends_at_the_first_error()
    far.at_next_commit(lambda: far.proxy.reset_after(0, towards="server"))

    outcomes = await asyncio.gather(append(far.database), append(far.database), return_exceptions=True)

    assert {type(outcome) for outcome in outcomes} == {LogUnavailable}
    assert await verified_size(far.database) == 1
    await append(far.database)
    assert far.told == [1, 2]


async def test_a_commit_nobody_can_ask_after_is_no_success(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is gone with the answer: the sender is told to come again, and the log goes on later."""
    monkeypatch.setattr(group, "FIRST_PAUSE_SECONDS", 0.0)

    far.at_next_commit(far.proxy.refuse)
    with pytest.raises(LogUnavailable):
        await append(far.database)
    with pytest.raises(DatabaseUnavailable):
        await far.database.check()
    far.proxy.forward()

    await append(far.database)

    assert far.told == [await verified_size(far.database)]


async def test_a_connection_cut_in_mid_transaction(far: Far) -> None:
    """The server ends the connection under a body: it is told, its change is gone, and the next goes on."""

    async def body() -> None:
        async with far.database.unit_of_work() as work:
            await work.customers.add(ACME)
            await work.log.append(OPENED)
            assert far.server.cut(far.name)
            await work.commit()

    with pytest.raises(Unavailable):
        await body()

    async with far.database.unit_of_work() as work:
        assert await work.customers.get(ACME.name) is None
        await work.customers.add(ACME)
        await work.log.append(OPENED)
        await work.commit()
    assert await verified_size(far.database) == 1


async def test_connections_that_died_unused_are_replaced(far: Far) -> None:
    """After the server was restarted nobody hears of the connections that it cut: readers nor writers."""
    await asyncio.gather(append(far.database), *(verified_size(far.database) for _ in range(4)))
    assert far.server.cut(far.name) > 1

    assert await verified_size(far.database) == 1
    await append(far.database)

    assert await verified_size(far.database) == 2


async def test_a_server_that_is_away_is_told(far: Far) -> None:
    """Reading and writing say `DatabaseUnavailable`; once it is back both work, without a restart."""
    far.proxy.refuse()
    for attempt in (far.database.check(), verified_size(far.database)):
        with pytest.raises(DatabaseUnavailable):
            await attempt
    far.proxy.forward()

    await far.database.check()
    assert await verified_size(far.database) == 0


async def test_cut_anywhere_nothing_is_lost_nor_doubled(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections cut at random bytes, senders that try again: each change is there once, with its entry."""
    monkeypatch.setattr(group, "FIRST_PAUSE_SECONDS", 0.01)
    chance, acknowledged = random.Random(7), set[str]()  # noqa: S311 - the same cuts every time

    async def send(name: str) -> None:
        customer = replace(ACME, id=CustomerId(name), name=CustomerName(name))
        while name not in acknowledged:
            try:
                async with far.database.unit_of_work() as work:
                    await work.customers.add(customer)
                    await work.log.append(OPENED)
                    await work.commit()
                acknowledged.add(name)
            except NameTaken:  # it stayed, though its sender was told otherwise
                acknowledged.add(name)
            except Unavailable:
                continue

    far.mends_at_the_first_error()
    for round_ in range(12):
        far.proxy.reset_after(chance.randrange(1200), towards="client" if round_ % 2 else "server")
        await asyncio.gather(*(send(f"c{round_}x{number}") for number in range(8)))
    far.proxy.forward()

    async with far.database.reading() as rows:
        names = sorted(each.name for each in await rows.customers.all())
    assert far.proxy.accepted > 12 / 2
    assert names == sorted(acknowledged)
    assert len(names) == await verified_size(far.database) == 12 * 8
