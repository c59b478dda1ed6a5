"""What is destroyed is told a batch at a time, however much it is."""

from __future__ import annotations

import pytest

from tests.fakes.clock import NOON
from vault.db import slot_claims
from vault.db.database import SqlDatabase


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
async def test_batches_leave_nothing_out(
    database: SqlDatabase, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """Numbers with gaps come ascending, each once; no batch is larger than it may be, and none is empty."""
    monkeypatch.setattr(slot_claims, "_BATCH", 2)
    async with database.unit_of_work() as work:
        claimed = [await work.slots.claim("test", NOON) for _ in range(2 * count)]
        await work.slots.mark_destroyed(claimed[::2], NOON)
        await work.commit()

    async with database.reading() as rows:
        batches = [list(batch) async for batch in rows.slots.destroyed()]

    assert [number for batch in batches for number in batch] == claimed[::2]
    assert all(1 <= len(batch) <= 2 for batch in batches)
