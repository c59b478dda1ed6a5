"""Promise 5, against a writer to the database: no row has the service destroy a recording."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests.harness.vaults import RealVault, found
from vault.entrypoints.serve.housekeeping import SUPERVISOR_CHORES, do_once
from vault.usecases.verify_log import verify_log

CONTENT = b"RIFF" + b"sound" * 1000

CHANGES: dict[str, tuple[Sequence[str], str]] = {
    "collected": (["UPDATE recordings SET state = 'collected'"], "which its entries contradict"),
    "collected, marked": (
        [
            "UPDATE recordings SET state = 'collected'",
            "UPDATE slots SET destroyed_at = claimed_at WHERE number = (SELECT slot FROM recordings)",
        ],
        "which its entries contradict",
    ),
    "shredded": (
        [
            "UPDATE recordings SET state = 'shredded', shredded_at = sealed_at, shred_log_index = 3",
            "UPDATE slots SET destroyed_at = claimed_at WHERE number = (SELECT slot FROM recordings)",
            "INSERT INTO blob_deletions SELECT blob, 0, 0 FROM recordings",
        ],
        "disagree on its destruction",
    ),
    "hidden": (
        [
            "UPDATE slots SET destroyed_at = claimed_at WHERE number = (SELECT slot FROM recordings)",
            "UPDATE recordings SET slot = 123456789",
        ],
        "its slot is destroyed",
    ),
    "no slot at all": (
        ["UPDATE recordings SET slot = -7, state = 'collected'"],
        "which its entries contradict",
    ),
    "another's blob": (
        ["INSERT INTO blob_deletions SELECT blob, 0, 0 FROM recordings", "UPDATE recordings SET blob = 'x'"],
        "its blob, nonce or time of sealing differ",
    ),
    "a session's slot": (
        ["UPDATE sessions SET expires_at = 0, slot = (SELECT slot FROM recordings)"],
        "",
    ),
}


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> RealVault:
    """Return a vault, to be copied."""
    return found(tmp_path_factory.mktemp("vault") / "data")


@pytest.mark.parametrize("name", CHANGES)
async def test_no_row_destroys_a_recording(known: RealVault, tmp_path: Path, name: str) -> None:
    """Start and chores go by: slot and payload are there still, and the change is named."""
    here = await known.copied_to(tmp_path / "data").signed_in()
    async with here.opened() as vault:
        await here.upload(vault, CONTENT)
    changes, finding = CHANGES[name]
    database = here.data / "vault.sqlite"
    with closing(sqlite3.connect(database)) as connection:
        slot, blob = connection.execute("SELECT slot, blob FROM recordings").fetchone()
        for change in changes:
            connection.execute(change)
        connection.commit()

    async with here.opened() as vault:
        for chore in SUPERVISOR_CHORES:
            await do_once(vault, chore)
        findings = (await verify_log(vault)).findings

    assert any(finding in each for each in findings) == bool(finding), findings
    async with here.opened() as vault:
        assert await vault.slots.read_many([slot])
        assert [piece async for piece in vault.blobs.read(blob, 0, 1)]
