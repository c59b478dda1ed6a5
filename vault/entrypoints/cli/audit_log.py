"""The commands of `callvault audit` that read the log: list, show, tail."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

from cyclopts import Parameter

from vault.domain.event import Actor, Outcome
from vault.entrypoints.cli.arguments import End, Id, LoggedAction, Name, Start
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.cli.log_rows import EVENT_COLUMNS, event_row
from vault.entrypoints.cli.lookups import actor_id, customer_id, recording_id
from vault.entrypoints.cli.render import Row, cell, json_line
from vault.ports.log import EventFilter
from vault.ports.vault import Vault
from vault.usecases.read_log import LoggedEvent, events_since, list_events, show_event

_POLL_SECONDS = 1.0


def list_(
    *,
    actor: str | None = None,
    recording: Id | None = None,
    customer: Name | None = None,
    action: LoggedAction | None = None,
    outcome: Outcome | None = None,
    since: Start | None = None,
    until: End | None = None,
    limit: int = 100,
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
    limit
        How many at most.
    """

    async def _use(vault: Vault, _by: Actor) -> list[Row]:
        async with vault.reading() as rows:
            which = EventFilter(
                actor=await actor_id(vault, rows, actor),
                recording=await recording_id(rows, recording),
                customer=await customer_id(rows, customer),
                action=action,
                outcome=outcome,
                since=since,
                until=until,
            )
        return [event_row(event) for event in await list_events(vault, which, limit=limit)]

    run.show_list(run.in_vault(_use), EVENT_COLUMNS)


def show(index: int, /, *, run: Run) -> None:
    """Show one entry.

    Parameters
    ----------
    index
        Its place in the log, from 0.
    """

    async def _use(vault: Vault, _by: Actor) -> Row:
        return event_row(await show_event(vault, index))

    run.show(run.in_vault(_use))


def tail(
    *, lines: int = 10, follow: Annotated[bool, Parameter(negative="--no-follow")] = True, run: Run
) -> None:
    """Show the newest entries and every new one until Ctrl-C. With --format json, one object a line.

    Parameters
    ----------
    lines
        How many of those that are there already.
    follow
        Wait for new ones.
    """

    async def _use(vault: Vault, _by: Actor) -> None:
        async with vault.reading() as rows:
            index = max(0, await rows.events.size() - lines)
        while True:
            events = await events_since(vault, index)
            for event in events:
                _print_line(event, run)
            index += len(events)
            if events:
                continue
            if not follow:
                return
            await asyncio.sleep(_POLL_SECONDS)

    run.in_vault(_use)


def _print_line(event: LoggedEvent, run: Run) -> None:
    row = event_row(event)
    if run.for_people:
        shown = (cell(row.get(column)) for column in EVENT_COLUMNS)
        run.write("  ".join(text for text in shown if text) + "\n")
    else:
        run.write(json_line(row))
    sys.stdout.flush()
