"""Several processes write to one file; any of them may be killed."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from tests.contract.database.samples import append, verified_size
from tests.fakes.clock import SettableClock
from tests.fakes.notary import FakeNotary
from tests.unit.db.appender import AT_ONCE, append_many
from tests.unit.db.troubles import on_both
from vault.db.database import SqlDatabase

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([append_many.__module__])


@contextmanager
def appender(url: str, each: int) -> Iterator[tuple[BaseProcess, Connection]]:
    """Run a process that appends; kill it at the end if it is still there."""
    ours, theirs = _processes.Pipe(duplex=False)
    process = _processes.Process(target=append_many, args=(url, theirs, each))
    process.start()
    theirs.close()
    try:
        yield process, ours
    finally:
        process.kill()
        process.join()
        ours.close()


def received(acknowledged: Connection) -> Iterator[int]:
    """Yield what a process acknowledged, until it has ended."""
    try:
        while True:
            yield acknowledged.recv()
    except EOFError:
        return


@on_both
async def test_two_processes_append_to_one_log(database: SqlDatabase, url: str) -> None:
    """Each reads the head anew for every group: indexes stay dense, and each entry has its own."""
    with appender(url, 20) as (process, acknowledged):
        theirs = [await asyncio.to_thread(acknowledged.recv)]
        ours = 0
        while process.is_alive() or acknowledged.poll():
            await asyncio.gather(*(append(database) for _ in range(AT_ONCE)))
            ours += AT_ONCE
            while acknowledged.poll():
                try:
                    theirs.append(acknowledged.recv())
                except EOFError:
                    break
            if len(theirs) == 20 * AT_ONCE:
                break

    assert len(set(theirs)) == 20 * AT_ONCE
    assert await verified_size(database) == ours + len(theirs)


@on_both
async def test_four_processes_append_at_once(database: SqlDatabase, url: str) -> None:
    """Each with its own group commit: every index is told once, none is left out, the log is whole."""
    with ExitStack() as stack:
        pipes = [stack.enter_context(appender(url, 5))[1] for _ in range(4)]
        told = [index for pipe in pipes for index in await asyncio.to_thread(list, received(pipe))]

    assert sorted(told) == list(range(4 * 5 * AT_ONCE))
    assert await verified_size(database) == len(told)


@on_both
async def test_what_was_acknowledged_survives_a_kill(url: str) -> None:
    """Killed in the middle of its groups, over and over: what was acknowledged is there, the log whole."""
    acknowledged_at_most = -1
    for round_ in range(20):
        with appender(url, 1000) as (process, acknowledged):
            for _ in range(1 + 7 * round_ % 40):
                acknowledged_at_most = max(acknowledged_at_most, acknowledged.recv())
            process.kill()
            acknowledged_at_most = max(acknowledged_at_most, *received(acknowledged), 0)

    database = await SqlDatabase.open(url, clock=SettableClock(), notary=FakeNotary())
    await append(database)
    assert await verified_size(database) > acknowledged_at_most + 1
    await database.close()
