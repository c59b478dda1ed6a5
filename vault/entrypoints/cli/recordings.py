"""`callvault recordings`: what is held, and who opened it. Both are on the log themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from cyclopts import App, Parameter

from vault.domain.event import Actor
from vault.domain.hold import LegalHold
from vault.domain.names import SourceName
from vault.domain.recording import RecordingState
from vault.entrypoints.cli.arguments import End, Id, Name, Start
from vault.entrypoints.cli.exits import WrongUsage
from vault.entrypoints.cli.hold_rows import hold_row
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.cli.log_rows import EVENT_COLUMNS, event_row
from vault.entrypoints.cli.lookups import customer_id, customer_names, source_names
from vault.entrypoints.cli.recording_rows import RECORDING_COLUMNS, Owners, recording_row
from vault.entrypoints.cli.render import Row, Value
from vault.ports.database import Repositories
from vault.ports.repositories import RecordingFilter
from vault.ports.vault import Vault
from vault.usecases.add_source import find_source
from vault.usecases.list_recordings import AROUND, Shown, list_recordings, show_recording

app = App(
    name="recordings",
    help_format="plaintext",
    help_epilogue="""\
Examples:
  callvault recordings list --customer acme --state waiting --since yesterday
  callvault recordings list --number "020 7946 0000" --around 2026-11-22T14:30
  callvault recordings show 4f7k
  callvault --as dana recordings open 4f7k --reason "complaint 12" -o call.wav
  callvault --as dana recordings export 4f7k --reason "police ref. 7" --to age1pq1... -o call.age
""",
)
app.command("vault.entrypoints.cli.recordings_open:open_", name="open")
app.command("vault.entrypoints.cli.recordings_export:export", name="export")
app.command("vault.entrypoints.cli.recordings_shred:shred", name="shred")

_DEFAULT_REGION = "GB"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Which:
    """What was asked for, before names are looked up."""

    customer: str | None
    source: str | None
    states: tuple[RecordingState, ...]
    since: datetime | None
    until: datetime | None


@app.command(name="list")
def list_(
    *,
    customer: Name | None = None,
    source: Name | None = None,
    state: Annotated[tuple[RecordingState, ...], Parameter(negative="")] = (),
    since: Start | None = None,
    until: End | None = None,
    number: str | None = None,
    around: Start | None = None,
    call_id: str | None = None,
    limit: int = 100,
    run: Run,
) -> None:
    """List recordings, newest first.

    Parameters
    ----------
    customer
        Only this customer's.
    source
        Only what this source brought.
    state
        Only in this state; may be given again.
    since
        Calls that began at this time or later: ISO 8601, today or yesterday; local time without a zone.
    until
        Calls that began before this time; a day counts in full.
    number
        A telephone number that called, was called or diverted; searched over the last 12 months unless
        --since or --around says otherwise.
    around
        Calls that began within half an hour of this time.
    call_id
        The PBX's own id of the call.
    limit
        How many at most.
    """
    if around is not None:
        if since is not None or until is not None:
            raise WrongUsage("--around and --since or --until exclude each other")
        since, until = _around(around)
    which = _Which(customer=customer, source=source, states=state, since=since, until=until)

    async def _use(vault: Vault, by: Actor) -> list[Row]:
        async with vault.reading() as rows:
            wanted, region = await _resolve(rows, which)
            owners = await _owners(rows)
        listed = await list_recordings(
            vault, wanted, by=by, number=number, region=region, call_id=call_id, limit=limit
        )
        return [recording_row(each, owners) for each in listed]

    run.show_list(run.in_vault(_use), RECORDING_COLUMNS)


@app.command
def show(recording: Id, /, *, run: Run) -> None:
    """Show one recording, and at the end who opened it.

    Parameters
    ----------
    recording
        Its id, or the beginning of it.
    """

    async def _use(vault: Vault, by: Actor) -> tuple[Shown, Owners]:
        shown = await show_recording(vault, recording, by=by)
        async with vault.reading() as rows:
            return shown, await _owners(rows)

    shown, owners = run.in_vault(_use)
    row = {**recording_row(shown.listed, owners), "held_for": _held_for(run, shown.holds)}
    events = [event_row(event) for event in reversed(shown.events)]
    _print_shown(run, row, events)


def _print_shown(run: Run, row: Row, events: Sequence[Row]) -> None:
    """Print the recording and its history: one object for programs, a table after the facts for people."""
    if not run.for_people:
        run.show({**row, "events": list(events)})
        return
    run.show(row)
    run.write("\nWhat happened to it, oldest first:\n")
    run.show_list(events, EVENT_COLUMNS)


def _held_for(run: Run, holds: Sequence[LegalHold]) -> Value:
    """Return the holds: all that is known of each for programs, the cases in force for people."""
    if run.for_people:
        return [hold.case for hold in holds if hold.in_force]
    return [hold_row(hold) for hold in holds]


def _around(moment: datetime) -> tuple[datetime, datetime]:
    # `until` is exclusive; a call that began exactly at the edge counts.
    return moment - AROUND, moment + AROUND + timedelta(microseconds=1)


async def _resolve(rows: Repositories, which: _Which) -> tuple[RecordingFilter, str]:
    """Return the filter with ids for names, and the region by which numbers are read."""
    source = await find_source(rows, SourceName(which.source)) if which.source else None
    wanted = RecordingFilter(
        customer=await customer_id(rows, which.customer),
        source=source.id if source else None,
        states=which.states,
        since=which.since,
        until=which.until,
    )
    return wanted, source.region if source else _DEFAULT_REGION


async def _owners(rows: Repositories) -> Owners:
    return Owners(await customer_names(rows), await source_names(rows))
