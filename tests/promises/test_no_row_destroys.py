"""Promise 5, against a writer to the database: no row has the service destroy a recording."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.harness.vaults import RealVault, found
from vault.audit.entry import Entry
from vault.audit.tree import Frontier, leaf_hash
from vault.domain.event import Action, Channel, Outcome
from vault.domain.names import RecordingId
from vault.entrypoints.serve.housekeeping import SUPERVISOR_CHORES, do_once
from vault.errors import LogCorrupt, LogUnavailable
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


def forge_collection(database: sqlite3.Connection, recording: str) -> None:
    """Append what the service would have, had the customer collected: entry, right edge, row."""
    (size, encoded, time) = database.execute("SELECT size, frontier, last_time FROM log_head").fetchone()
    entry = Entry(
        index=size,
        time=datetime.fromtimestamp(time / 1e6, UTC),
        actor="customer:acme",
        action=Action.RECORDING_COLLECTED,
        outcome=Outcome.DONE,
        channel=Channel.HTTP,
        recording=RecordingId(recording),
        facts={},
        detail="0" * 64,
    )
    values = (size, time, entry.actor, entry.action, entry.outcome, entry.channel, recording, entry.encode())
    columns = '"index", time, actor, action, outcome, channel, recording, record'
    database.execute(f"INSERT INTO log_entries ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)  # noqa: S608 - names of our own
    grown = Frontier.decode(encoded).append(leaf_hash(entry.encode()))
    database.execute("UPDATE log_head SET size = ?, frontier = ?", (grown.size, grown.encode()))
    database.execute("UPDATE recordings SET state = 'collected' WHERE id = ?", (recording,))
    database.commit()


async def test_no_forged_entry_destroys_a_recording(known: RealVault, tmp_path: Path) -> None:
    """A collection that somebody wrote into the log is signed by no commit; the vault stops instead."""
    here = await known.copied_to(tmp_path / "data").signed_in()
    async with here.opened() as vault:
        await here.upload(vault, CONTENT)
        with closing(sqlite3.connect(here.data / "vault.sqlite")) as connection:
            slot, recording = connection.execute("SELECT slot, id FROM recordings").fetchone()
            forge_collection(connection, recording)

        with pytest.raises(LogUnavailable, match="they were added by hand"):
            await here.upload(vault, CONTENT + b"more")
        for chore in SUPERVISOR_CHORES:
            await do_once(vault, chore)
        assert await vault.slots.read_many([slot])

    with pytest.raises(LogCorrupt, match="they were added by hand"):
        async with here.opened():
            pass
