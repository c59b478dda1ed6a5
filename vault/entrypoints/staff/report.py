"""The report of a month, as the page that its command writes."""

from __future__ import annotations

import asyncio

from msgspec import Struct

from vault.domain.month import parse_month
from vault.entrypoints.cli.report_page import render_report
from vault.entrypoints.staff.operation import DPO_ALONE, Acting, IdText, Operation
from vault.entrypoints.staff.row import Row
from vault.ports.vault import Vault
from vault.usecases.make_report import make_report


class MakeReport(Struct, frozen=True, forbid_unknown_fields=True):
    """A month, written 2026-11."""

    month: IdText


class Reported(Struct, frozen=True):
    """What is sure of a report."""

    month: str
    ok: bool
    entry: int
    findings: list[str]
    page: str


async def _report(vault: Vault, acting: Acting, asked: MakeReport) -> Row:
    """Make the report of a month: `page` is HTML to print; this is logged itself."""
    made = await make_report(vault, parse_month(asked.month), by=acting.actor)
    findings = list(made.verification.findings)
    return {
        "month": str(made.month),
        "ok": not findings,
        "entry": made.index,
        "findings": findings,
        "page": await asyncio.to_thread(render_report, made),
    }


REPORT = Operation("audit report", MakeReport, _report, DPO_ALONE, many=False, sure=Reported)
OPERATIONS = (REPORT,)
