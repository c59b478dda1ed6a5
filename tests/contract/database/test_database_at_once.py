"""Every database carries a whole body out at one go, with the same promises as step by step."""

from __future__ import annotations

import asyncio

import pytest

from tests.contract.database.samples import ACME, OPENED, ZENITH, append, verified_size
from vault.domain.customer import Customer
from vault.errors import Invalid, NameTaken
from vault.ports.database import Database, Repositories, UnitOfWork


async def names(rows: Repositories) -> set[str]:
    """Return the names of the customers that are there."""
    return {each.name for each in await rows.customers.all()}


async def add(work: UnitOfWork, customer: Customer) -> int:
    """Add a customer and the entry that says so; return the entry's index."""
    await work.customers.add(customer)
    return (await work.log.append(OPENED)).index


async def test_a_change_is_committed_with_its_entry(database: Database) -> None:
    """What a body returns comes back once its change and its entry are durable."""
    index = await database.change(lambda work: add(work, ACME))

    assert index == 0
    assert await database.read(names) == {"acme"}
    assert await verified_size(database) == 1


async def test_a_change_that_raises_is_undone(database: Database) -> None:
    """A refusal, or a fault of ours, passes through as it is, and neither change nor entry stays."""

    async def _refuse(work: UnitOfWork) -> None:
        await add(work, ACME)
        raise Invalid("no")

    async def _break(work: UnitOfWork) -> None:
        await add(work, ACME)
        raise ZeroDivisionError

    with pytest.raises(Invalid):
        await database.change(_refuse)
    with pytest.raises(ZeroDivisionError):
        await database.change(_break)

    assert await database.read(names) == set()
    await append(database)
    assert await verified_size(database) == 1


async def test_changes_of_both_kinds_share_their_groups(database: Database) -> None:
    """At one go or step by step, all get their turn, and the log is whole."""
    at_once = [database.change(lambda work: work.log.append(OPENED)) for _ in range(6)]
    await asyncio.gather(*at_once, *(append(database) for _ in range(6)))

    assert await verified_size(database) == 12


async def test_a_refused_change_takes_nobody_with_it(database: Database) -> None:
    """A row that is refused undoes its own body alone, whoever shares the transaction."""
    await database.change(lambda work: add(work, ACME))

    outcomes = await asyncio.gather(
        append(database),
        database.change(lambda work: add(work, ACME)),
        database.change(lambda work: add(work, ZENITH)),
        return_exceptions=True,
    )

    assert isinstance(outcomes[1], NameTaken)
    assert await database.read(names) == {"acme", "zenith"}
    assert await verified_size(database) == 3


async def test_what_a_refused_change_did_is_not_committed_by_others(database: Database) -> None:
    """A body that changed something and then raises leaves none of it in the transaction that it shared."""

    async def _add_and_refuse(work: UnitOfWork) -> None:
        await add(work, ACME)
        raise Invalid("no")

    outcomes = await asyncio.gather(
        append(database),
        database.change(_add_and_refuse),
        database.change(lambda work: add(work, ZENITH)),
        return_exceptions=True,
    )

    assert isinstance(outcomes[1], Invalid)
    assert await database.read(names) == {"zenith"}
    assert await verified_size(database) == 2


async def test_a_read_sees_one_moment(database: Database) -> None:
    """A body reads a snapshot; what it raises is raised."""

    async def _raise(rows: Repositories) -> None:
        await names(rows)
        raise ZeroDivisionError

    await database.change(lambda work: add(work, ACME))

    assert await database.read(names) == {"acme"}
    with pytest.raises(ZeroDivisionError):
        await database.read(_raise)
    assert await database.read(names) == {"acme"}
