"""An older database in which recordings share a slot is not renewed, and whoever tries learns which."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.contract.database.samples import add_parties, add_uploads, upload
from tests.fakes.clock import SettableClock
from tests.fakes.notary import FakeNotary
from vault.db import schema
from vault.db.database import SqlDatabase
from vault.db.engine import writing_engine
from vault.errors import Conflict

_OLDER = "0007"  # before the index that forbids it


async def damaged(url: str) -> list[str]:
    """Give two of three recordings one slot, as no program of ours does; return their ids."""
    database = await SqlDatabase.open(url, clock=SettableClock(), notary=FakeNotary())
    await add_parties(database)
    uploads = [upload(number) for number in (1, 2, 3)]
    await add_uploads(database, *uploads)
    await database.close()
    one, other = (str(each.recording.id) for each in uploads[:2])
    engine = writing_engine(url)
    async with engine.begin() as connection:
        await connection.execute(text("DROP INDEX ix_recordings_slot"))
        shared = text(
            "UPDATE recordings SET slot = (SELECT min(slot) FROM recordings) WHERE id IN (:one, :other)"
        )
        await connection.execute(shared, {"one": one, "other": other})
        await connection.execute(text("UPDATE alembic_version SET version_num = :older"), {"older": _OLDER})
    await engine.dispose()
    return sorted((one, other))


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"], indirect=True)
async def test_recordings_that_share_a_slot_are_named(url: str) -> None:
    """The two are named, not the third, and the database stays what it was."""
    shared = await damaged(url)

    for _ in range(2):
        with pytest.raises(
            Conflict, match=rf"share a slot, such as {shared[0]} \(slot \d+\), {shared[1]} \(slot"
        ) as told:
            await schema.upgrade(url)
        assert str(told.value).count("(slot") == len(shared)
