"""The month's report counts the entries that were signed, whatever the columns beside them say."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.harness.staff import dana
from tests.harness.vaults import RealVault
from vault.domain.event import SERVICE
from vault.domain.month import Month
from vault.usecases.make_report import make_report
from vault.usecases.open_as_staff import open_as_staff


async def test_no_opening_leaves_the_report_by_its_column(founded: RealVault, tmp_path: Path) -> None:
    """Who moves an entry's time in the table, and not in what was signed, hides nothing from the report."""
    known = founded.copied_to(tmp_path / "vault")
    async with known.opened() as vault:
        sealed = await known.upload(vault, b"sound")
        dpo = await dana(vault, known.passphrase)
        await open_as_staff(vault, dpo, sealed.recording, reason="curious")
        with closing(sqlite3.connect(known.data / "vault.sqlite")) as database:
            database.execute("UPDATE log_entries SET time = time - 100 * 86400000000")
            database.commit()
        now = vault.clock.now()

        report = await make_report(vault, Month(now.year, now.month), by=SERVICE)

    assert sum(report.figures.openings["dpo"]) == 1
