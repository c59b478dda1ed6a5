"""What every test may ask for."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.vaults import RealVault, found


def pytest_configure() -> None:
    """Let Ctrl-C reach the programs under test, even where the tests run in a shell's background.

    Such a shell has its children ignore SIGINT (POSIX, "Shell Command Language", 2.11).
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> RealVault:
    """A vault founded once; take `real_vault` for one to change."""
    return found(tmp_path_factory.mktemp("founded") / "vault")


@pytest.fixture
def real_vault(founded: RealVault, tmp_path: Path) -> RealVault:
    """A vault of this test's own: a copy of the founded one."""
    return founded.copied_to(tmp_path / "vault")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """With CALLVAULT_REQUIRE_ALL=1 a skip is a failure: what can't run there must be made to run."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]  # pluggy's result
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CALLVAULT_REQUIRE_ALL") == "1":
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and CALLVAULT_REQUIRE_ALL=1: {report.longrepr}"
