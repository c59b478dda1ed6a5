"""What is carried out on the database's thread ends there, and waits for nothing else."""

from __future__ import annotations

import asyncio

import pytest

from tests.contract.database.samples import OPENED, append, verified_size
from tests.contract.database.test_database_at_once import names
from tests.unit.db.test_group_commit import add
from tests.unit.db.troubles import cancelled_at, on_both
from vault.db.database import SqlDatabase
from vault.ports.database import Repositories, UnitOfWork


@on_both
async def test_cancelled_at_any_await_a_change_is_there_or_not(database: SqlDatabase) -> None:
    """Wherever its caller is cancelled, a change stays whole or not at all, and harms no other."""
    ran: set[str] = set()

    async def _change(work: UnitOfWork) -> None:
        await add(work, f"cancelled{at}")
        ran.add(f"cancelled{at}")

    async def _caller() -> None:
        await database.change(_change)

    at, reached, others = 0, True, 0
    while reached:
        before = [asyncio.create_task(append(database)) for _ in range(3)]
        reached = await cancelled_at(_caller(), at)
        await asyncio.gather(*before, append(database))
        at, others = at + 1, others + 4

    assert at > 2
    assert await database.read(names) == ran
    assert await verified_size(database) == others + len(ran)


@on_both
async def test_a_body_that_waits_for_the_loop_is_refused(database: SqlDatabase) -> None:
    """On its thread nothing would ever wake it: it is told so, and undone."""

    async def _wait(work: UnitOfWork) -> None:
        await work.log.append(OPENED)
        await asyncio.sleep(0)

    async def _read(_rows: Repositories) -> None:
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="event loop"):
        await database.change(_wait)
    with pytest.raises(RuntimeError, match="event loop"):
        await database.read(_read)

    assert await verified_size(database) == 0


@on_both
async def test_a_change_does_not_commit_by_itself(database: SqlDatabase) -> None:
    """It is committed for its body, with everybody else's: a `commit` inside is a fault, and undoes it."""

    async def _commit(work: UnitOfWork) -> None:
        await work.log.append(OPENED)
        await work.commit()

    with pytest.raises(RuntimeError):
        await database.change(_commit)

    assert await verified_size(database) == 0
