"""What every test may ask for."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.harness import argon2
from tests.harness.vaults import RealVault, found

if TYPE_CHECKING:
    from tests.harness.aws import Aws
    from tests.harness.postgres import Server


def pytest_configure() -> None:
    """Let Ctrl-C and hang-ups reach the programs under test, wherever the tests run.

    A shell has its background ignore SIGINT (POSIX, "Shell Command Language", 2.11), `nohup` SIGHUP, and
    children inherit that; a handler they don't. The tests themselves go on after a hang-up.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda _number, _frame: None)


@pytest.fixture(scope="session", autouse=True)
def argon2_paid_once() -> Iterator[None]:
    """The same password and salt cost Argon2id once; what runs as a process of its own pays as ever."""
    with argon2.paid_once():
        yield


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> RealVault:
    """A vault founded once; take `real_vault` for one to change."""
    return found(tmp_path_factory.mktemp("founded") / "vault")


@pytest.fixture
def real_vault(founded: RealVault, tmp_path: Path) -> RealVault:
    """A vault of this test's own: a copy of the founded one."""
    return founded.copied_to(tmp_path / "vault")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server of the session's own."""
    pytest.importorskip("psycopg")
    from tests.harness.postgres import Missing, running  # noqa: PLC0415 - needs the driver, most tests don't

    with ExitStack() as stack:
        try:
            server = stack.enter_context(running())
        except Missing as error:
            pytest.skip(str(error))
        yield server


@pytest.fixture(scope="session")
def postgresql_template(postgres: Server) -> str:
    """The name of a database with all tables, empty, to copy; nobody is connected to it."""
    from vault.db.schema import upgrade  # noqa: PLC0415 - most tests need no database

    name = postgres.create()
    asyncio.run(upgrade(postgres.url(name)))
    return name


@pytest.fixture(scope="session")
def founded_on_postgresql(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> RealVault:
    """A vault on PostgreSQL, founded once."""
    from tests.harness.postgres_vaults import found_on  # noqa: PLC0415 - needs the driver

    return found_on(postgres, tmp_path_factory.mktemp("founded") / "vault")


@pytest.fixture(params=["sqlite", "postgresql"])
def any_vault(request: pytest.FixtureRequest, tmp_path: Path) -> RealVault:
    """A vault of this test's own, on each kind of database: for the promises that reach all the way down."""
    name = "founded" if request.param == "sqlite" else "founded_on_postgresql"
    origin: RealVault = request.getfixturevalue(name)
    return origin.copied_to(tmp_path / "vault")


@pytest.fixture
def postgresql_url(postgres: Server, postgresql_template: str) -> Iterator[str]:
    """The URL of an empty database of this test's own, with all tables."""
    name = postgres.create(template=postgresql_template)
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture(scope="session")
def aws_running() -> Iterator[Aws]:
    """One server of S3 and KMS for all tests; take `aws`."""
    from tests.harness.aws import aws_server  # noqa: PLC0415 - most tests need no SDK

    with aws_server() as server:
        yield server


@pytest.fixture
def aws(aws_running: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """S3 and KMS over HTTP, credentials for them in the environment, and no trouble left behind."""
    from tests.harness.aws import ENVIRONMENT  # noqa: PLC0415 - as above

    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    yield aws_running
    aws_running.calm()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """With CALLVAULT_REQUIRE_ALL=1 a skip is a failure: what can't run there must be made to run."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]  # pluggy's result
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CALLVAULT_REQUIRE_ALL") == "1":
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and CALLVAULT_REQUIRE_ALL=1: {report.longrepr}"
