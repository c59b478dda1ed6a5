"""Who runs the contract of `Database`: a function per adapter, chosen by the fixture's parameter.

An adapter joins by a function that opens an empty database, and a line in `ADAPTERS`.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.fakes.clock import SettableClock
from tests.fakes.database import MemoryDatabase
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


async def _sqlite(template: Path, folder: Path, clock: SettableClock, slots: Slots) -> Database:
    shutil.copy(template, folder / "vault.db")
    url = f"sqlite+aiosqlite:///{folder}/vault.db"
    return await SqlDatabase.open(url, clock=clock, on_commit=slots.keep)


async def _memory(_template: Path, _folder: Path, clock: SettableClock, slots: Slots) -> Database:
    database = MemoryDatabase(clock)
    database.on_commit = slots.keep
    return database


Opener = Callable[[Path, Path, SettableClock, Slots], Awaitable[Database]]
ADAPTERS: dict[str, Opener] = {"sqlite": _sqlite, "memory": _memory}


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
async def database(
    request: pytest.FixtureRequest, template: Path, tmp_path: Path, clock: SettableClock, slots: Slots
) -> AsyncIterator[Database]:
    """An empty database of each kind."""
    opened = await ADAPTERS[request.param](template, tmp_path, clock, slots)
    yield opened
    await opened.close()
