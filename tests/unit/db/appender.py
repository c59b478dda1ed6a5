"""Another process that appends to the same log, as a second worker or the command does."""

from __future__ import annotations

import asyncio
from multiprocessing.connection import Connection

from tests.contract.database.samples import append
from tests.fakes.clock import SettableClock
from tests.fakes.notary import FakeNotary
from vault.audit.entry import Entry
from vault.db.database import SqlDatabase

AT_ONCE = 8


def append_many(url: str, acknowledged: Connection, each: int) -> None:
    """Append `each` entries by every one of 8 at once; send every index once it is durable."""
    asyncio.run(_append_many(url, acknowledged, each))


async def _append_many(url: str, acknowledged: Connection, each: int) -> None:
    database = await SqlDatabase.open(url, clock=SettableClock(), notary=FakeNotary())

    async def one() -> None:
        for _ in range(each):
            (record,) = await append(database)
            acknowledged.send(Entry.decode(record).index)

    await asyncio.gather(*(one() for _ in range(AT_ONCE)))
    await database.close()
    acknowledged.close()
