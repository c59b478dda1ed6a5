"""Entries and recordings made in bulk are what the vault itself would have made."""

from __future__ import annotations

import pytest

from tests.bench import log_in_bulk
from tests.bench.recordings_in_bulk import Bulk, number_of
from tests.bench.vaults import event
from tests.harness.vaults import SOMEBODY, RealVault
from vault.ports.repositories import RecordingFilter
from vault.usecases.list_recordings import list_recordings
from vault.usecases.prove_entry import prove_entry
from vault.usecases.verify_log import verify_log


async def test_a_log_made_in_bulk_verifies(any_vault: RealVault, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes, tiles, head, times, canonical form and details hold, over several commits."""
    monkeypatch.setattr(log_in_bulk, "PER_COMMIT", 300)
    async with any_vault.opened() as vault:
        await log_in_bulk.fill_log(vault, 1000, event())
        verification = await verify_log(vault)
        assert (verification.size, list(verification.findings)) == (1000, [])
        await prove_entry(vault, 700)  # raises if a tile is missing


async def test_recordings_made_in_bulk_are_listed_and_found(any_vault: RealVault) -> None:
    """The log agrees with them both ways; a number finds its ten neighbours."""
    async with any_vault.opened() as vault:
        await Bulk(any_vault, vault).fill(200)
        assert list((await verify_log(vault)).findings) == []
        found = await list_recordings(vault, RecordingFilter(), number=number_of(55), by=SOMEBODY)
        assert len(found) == 10
