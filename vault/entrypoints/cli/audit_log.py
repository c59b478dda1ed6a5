"""The commands of `callvault audit` that read the log: list, show, tail."""

from __future__ import annotations

import sys
from itertools import count
from typing import Annotated

from cyclopts import Parameter

from vault.domain.event import Outcome
from vault.entrypoints.cli.arguments import Count, End, Id, Index, LoggedAction, Name, Start
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.cli.render import cell, render_line
from vault.entrypoints.staff.audit import LIST, SHOW, TAIL, ListEvents, OneEntry, TailLog
from vault.entrypoints.staff.log_rows import EVENT_COLUMNS, list_columns
from vault.entrypoints.staff.row import Row


def list_(
    *,
    actor: str | None = None,
    recording: Id | None = None,
    customer: Name | None = None,
    action: LoggedAction | None = None,
    outcome: Outcome | None = None,
    since: Start | None = None,
    until: End | None = None,
    before: Index | None = None,
    limit: Count = 100,
    run: Run,
) -> None:
    """List entries, newest first; with several options, those that fit all.

    Parameters
    ----------
    actor
        Who acted: the name of a person, customer, source or user of this machine, or an id.
    recording
        What was touched, by id or the beginning of it.
    customer
        Whose it was.
    action
        What was done, such as recording.opened, recording.shredded or password.refused.
    outcome
        How it ended.
    since
        From this time on: ISO 8601, today or yesterday; local time without a zone.
    until
        Before this time; a day counts in full.
    before
        Only entries below this index: the last one shown gives the next page.
    limit
        How many at most.
    """
    asked = ListEvents(actor, recording, customer, action, outcome, since, until, before, limit)
    rows = run.ask(LIST, asked)
    run.show_list(rows, list_columns(rows))


def show(index: Index, /, *, run: Run) -> None:
    """Show one entry.

    Parameters
    ----------
    index
        Its place in the log, from 0.
    """
    run.show(run.ask(SHOW, OneEntry(index)))


def tail(
    *, lines: Count = 10, follow: Annotated[bool, Parameter(negative="--no-follow")] = True, run: Run
) -> None:
    """Show the newest entries and every new one until Ctrl-C. With --format json, one object a line.

    With --format csv, one entry a line below a header.

    Parameters
    ----------
    lines
        How many of those that are there already.
    follow
        Wait for new ones.
    """
    told = count()
    run.follow(TAIL, TailLog(lines, follow), lambda row: _print_line(row, run, first=next(told) == 0))


def _print_line(row: Row, run: Run, *, first: bool) -> None:
    if run.for_people:
        shown = (cell(row.get(column)) for column in (*EVENT_COLUMNS, "about"))
        run.write("  ".join(text for text in shown if text) + "\n")
    else:
        run.write(render_line(row, run.options.format, header=first))
    sys.stdout.flush()
