"""A promise about `audit verify`: nobody hides an entry from lists by what stands beside it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.entrypoints.cli.conftest import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A vault of this test's own, with a customer."""
    shell = Shell(tmp_path / "vault")
    shell.json("init", "--dpo", "dora", "--recovery-file", str(tmp_path / "recovery"))
    shell.json("customers", "add", "acme", "--agreement", "A-1")
    return shell


@pytest.mark.parametrize(
    "change",
    [
        "action = 'log.read'",
        "actor = 'os:0'",
        "outcome = 'refused'",
        "time = time - 86400000000",
        "customer = NULL",
        "recording = 'made-up'",
        "channel = 'http'",
    ],
)
def test_a_column_changed_beside_an_entry(shell: Shell, change: str) -> None:
    """Whatever an entry could be found by, changed in its row, is named by `audit verify`, which exits 3."""
    where = "WHERE action = 'customer.added'"
    with closing(sqlite3.connect(shell.data / "vault.sqlite")) as database:
        (index,) = database.execute(f'SELECT "index" FROM log_entries {where}').fetchone()  # noqa: S608 - ours
        database.execute(f"UPDATE log_entries SET {change} {where}")  # noqa: S608 - ours
        database.commit()

    done = shell.run("audit", "verify")

    assert done.returncode == 3
    assert f"entry {index}: it is listed as something else" in done.stdout
