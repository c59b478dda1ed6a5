"""Who runs the contract of `Database`: a function per adapter, chosen by the fixture's parameter.

An adapter joins by a function that opens an empty database, and a line in `ADAPTERS`.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.clock import SettableClock
from tests.fakes.database import MemoryDatabase
from tests.fakes.notary import FakeNotary
from vault.audit.tree import Frontier
from vault.db.database import SqlDatabase
from vault.db.schema import upgrade
from vault.ports.database import Database


@dataclass(slots=True)
class Slots:
    """Stands for whoever is told of every commit; fails with `failure` if that is set."""

    told: list[Frontier] = field(default_factory=list)
    failure: Exception | None = None

    async def keep(self, frontier: Frontier) -> None:
        """Note the right edge."""
        if self.failure is not None:
            raise self.failure
        self.told.append(frontier)


Ask = Callable[[str], Any]  # for a fixture, by its name


async def _sqlite(ask: Ask, clock: SettableClock, slots: Slots) -> Database:
    path = shutil.copy(ask("template"), ask("tmp_path") / "vault.db")
    return await SqlDatabase.open(f"sqlite:///{path}", clock=clock, notary=FakeNotary(slots.keep))


async def _postgresql(ask: Ask, clock: SettableClock, slots: Slots) -> Database:
    return await SqlDatabase.open(ask("postgresql_url"), clock=clock, notary=FakeNotary(slots.keep))


async def _memory(_ask: Ask, clock: SettableClock, slots: Slots) -> Database:
    return MemoryDatabase(clock, notary=FakeNotary(slots.keep))


Opener = Callable[[Ask, SettableClock, Slots], Awaitable[Database]]
ADAPTERS: dict[str, Opener] = {"sqlite": _sqlite, "postgresql": _postgresql, "memory": _memory}


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database with all its tables, to copy."""
    path = tmp_path_factory.mktemp("database") / "empty.db"
    asyncio.run(upgrade(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture
def clock() -> SettableClock:
    """The clock that the database appends by."""
    return SettableClock()


@pytest.fixture
def slots() -> Slots:
    """Whoever is told of commits."""
    return Slots()


@pytest.fixture(params=sorted(ADAPTERS))
def opener(request: pytest.FixtureRequest) -> tuple[Opener, Ask]:
    """Who opens a database, with what it needs made before a loop runs."""
    needs = {"sqlite": ("template", "tmp_path"), "postgresql": ("postgresql_url",)}
    found = {name: request.getfixturevalue(name) for name in needs.get(request.param, ())}
    return ADAPTERS[request.param], found.__getitem__


@pytest.fixture
async def database(opener: tuple[Opener, Ask], clock: SettableClock, slots: Slots) -> AsyncIterator[Database]:
    """An empty database of each kind."""
    opens, ask = opener
    opened = await opens(ask, clock, slots)
    yield opened
    await opened.close()
