"""`callvault audit report`: a month of the access log as a page to read, print and hand on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from vault.domain.event import Actor
from vault.domain.month import Month
from vault.entrypoints.cli.arguments import ReportMonth
from vault.entrypoints.cli.audit_proof import show_progress
from vault.entrypoints.cli.exits import ExitCode
from vault.entrypoints.cli.files import must_be_new, write_output
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.cli.report_page import render_report
from vault.entrypoints.staff.report import REPORT, MakeReport
from vault.ports.vault import Vault
from vault.usecases.make_report import MonthReport, make_report


def report(
    *, month: ReportMonth, output: Annotated[Path, Parameter(name=("--output", "-o"))], run: Run
) -> int:
    """Write the report of a month as one page (HTML); this is logged itself. Exit 3 if the log does not hold.

    Parameters
    ----------
    month
        The month, such as 2026-11, in UTC.
    output
        A new file.
    """
    must_be_new(output)
    if run.options.server is not None:
        return _report_there(month, output, run)

    async def _use(vault: Vault, by: Actor) -> MonthReport:
        return await make_report(vault, month, by=by, progress=show_progress)

    made = run.in_vault(_use)
    write_output(output, render_report(made).encode())
    findings = list(made.verification.findings)
    run.show(
        {
            "file": str(output),
            "month": str(month),
            "ok": not findings,
            "entry": made.index,
            "findings": findings,
        }
    )
    return ExitCode.FOUND_WRONG if findings else ExitCode.DONE


def _report_there(month: Month, output: Path, run: Run) -> int:
    """Write the page that the vault at `--server` makes."""
    row = run.ask(REPORT, MakeReport(str(month)))
    write_output(output, str(row["page"]).encode())
    run.show({"file": str(output), **{name: row[name] for name in ("month", "ok", "entry", "findings")}})
    return ExitCode.DONE if row["ok"] else ExitCode.FOUND_WRONG
