"""A database for every test: on SQLite, and on PostgreSQL too for tests marked `on_both`."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.clock import SettableClock
from tests.fakes.notary import FakeNotary
from vault.db.database import SqlDatabase
from vault.db.schema import upgrade


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with all its tables, to copy."""
    path = tmp_path_factory.mktemp("database") / "empty.db"
    asyncio.run(upgrade(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture
def path(template: Path, tmp_path: Path) -> Path:
    """The file of this test's own database."""
    return Path(shutil.copy(template, tmp_path / "vault.db"))


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    """What this test's database is: SQLite, unless `on_both` says otherwise."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def url(request: pytest.FixtureRequest, kind: str) -> str:
    """Its URL."""
    if kind == "postgresql":
        return str(request.getfixturevalue("postgresql_url"))
    return f"sqlite:///{request.getfixturevalue('path')}"


@pytest.fixture
async def database(url: str) -> AsyncIterator[SqlDatabase]:
    """The database, open."""
    opened = await SqlDatabase.open(url, clock=SettableClock(), notary=FakeNotary())
    yield opened
    await opened.close()
