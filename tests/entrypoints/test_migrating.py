"""`callvault migrate` on a vault from before the log's right edge was signed in the database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.harness.vaults import RealVault, found
from vault.app.founding import migrate_vault
from vault.errors import Conflict, DatabaseMoved, LogBehind


@pytest.fixture(scope="module")
def former(tmp_path_factory: pytest.TempPathFactory) -> RealVault:
    """Return a vault as revision 0008 had it, to be copied."""
    vault = found(tmp_path_factory.mktemp("former") / "data")
    with closing(sqlite3.connect(vault.data / "vault.sqlite")) as database:
        database.execute("ALTER TABLE log_head DROP COLUMN note")
        database.execute("UPDATE alembic_version SET version_num = '0008'")
        database.commit()
    return vault


async def test_a_former_vault_goes_on(former: RealVault, tmp_path: Path) -> None:
    """Migrated, it opens, takes an upload and signs the right edge; a signature that is lost is made anew."""
    here = former.copied_to(tmp_path / "data")
    await migrate_vault(here.settings)
    await migrate_vault(here.settings)

    for _ in range(2):
        async with here.opened() as vault:
            await here.upload(vault, b"RIFF sound")

    with closing(sqlite3.connect(here.data / "vault.sqlite")) as database:
        database.execute("UPDATE log_head SET note = x'00'")
        database.commit()
    async with here.opened() as vault:
        await here.upload(vault, b"RIFF another sound")
    with closing(sqlite3.connect(here.data / "vault.sqlite")) as database:
        (note,) = database.execute("SELECT note FROM log_head").fetchone()
    assert note.startswith(b"callvault/")


async def test_a_former_database_that_was_moved_says_so(former: RealVault, tmp_path: Path) -> None:
    """The mark of the move is no size: it migrates like any other, and is told apart when it is opened."""
    here = former.copied_to(tmp_path / "data")
    with closing(sqlite3.connect(here.data / "vault.sqlite")) as database:
        database.execute("UPDATE log_head SET size = -1 - size")
        database.commit()

    await migrate_vault(here.settings)

    with pytest.raises(DatabaseMoved):
        async with here.opened():
            pass


async def test_what_was_not_signed_is_not_migrated(former: RealVault, tmp_path: Path) -> None:
    """Killed between a commit and its signature, the former version has to sign first: nothing is changed."""
    here = former.copied_to(tmp_path / "data")
    for head in here.data.glob("slots*/head"):
        head.write_bytes(bytes(head.stat().st_size))
    before = (here.data / "vault.sqlite").read_bytes()

    with pytest.raises(Conflict, match=r"of which 0 are signed.*`callvault status`"):
        await migrate_vault(here.settings)

    assert (here.data / "vault.sqlite").read_bytes() == before


async def test_an_older_copy_is_not_migrated(former: RealVault, tmp_path: Path) -> None:
    """A database that ends before what was signed is said to be a copy."""
    here = former.copied_to(tmp_path / "data")
    with closing(sqlite3.connect(here.data / "vault.sqlite")) as database:
        database.execute("UPDATE log_head SET size = size - 1")
        database.commit()

    with pytest.raises(LogBehind, match="older copy"):
        await migrate_vault(here.settings)
