"""`callvault recordings`: what is held, and who opened it. Both are on the log themselves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, cast

from cyclopts import App, Parameter

from vault.domain.recording import RecordingState
from vault.entrypoints.cli.arguments import Count, End, Id, Name, Start
from vault.entrypoints.cli.exits import WrongUsage
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.staff import recordings as operations
from vault.entrypoints.staff.hold_rows import IN_FORCE
from vault.entrypoints.staff.log_rows import EVENT_COLUMNS
from vault.entrypoints.staff.recording_rows import RECORDING_COLUMNS
from vault.entrypoints.staff.row import Row
from vault.usecases.list_recordings import AROUND

app = App(
    name="recordings",
    help_format="plaintext",
    help_epilogue="""\
Examples:
  callvault recordings list --customer acme --state waiting --since yesterday
  callvault recordings list --number "020 7946 0000" --around 2026-11-22T14:30
  callvault recordings show 4f7k
  callvault --as dana recordings open 4f7k --reason "complaint 12" -o call.wav
  callvault --as mia recordings open 4f7k --reason "complaint 12" --grant FILE -o call.wav
  callvault --as dana recordings export 4f7k --reason "police ref. 7" --to age1pq1... -o call.age
""",
)
app.command("vault.entrypoints.cli.recordings_approval:request", name="request")
app.command("vault.entrypoints.cli.recordings_approval:requests", name="requests")
app.command("vault.entrypoints.cli.recordings_approval:approve", name="approve")
app.command("vault.entrypoints.cli.recordings_open:open_", name="open")
app.command("vault.entrypoints.cli.recordings_export:export", name="export")
app.command("vault.entrypoints.cli.recordings_shred:shred", name="shred")


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
    limit: Count = 100,
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
    asked = operations.ListRecordings(customer, source, list(state), since, until, number, call_id, limit)
    run.show_list(run.ask(operations.LIST, asked), RECORDING_COLUMNS)


@app.command
def show(recording: Id, /, *, run: Run) -> None:
    """Show one recording, and at the end who opened it.

    Parameters
    ----------
    recording
        Its id, or the beginning of it.
    """
    row = run.ask(operations.SHOW, operations.OneRecording(recording))
    if run.for_people:
        events = cast("list[Row]", row["events"])
        held_for = cast("list[Row]", row["held_for"])
        cases = [hold["case"] for hold in held_for if hold["state"] == IN_FORCE]
        run.show({**{name: row[name] for name in row if name != "events"}, "held_for": cases})
        run.write("\nWhat happened to it, oldest first:\n")
        run.show_list(events, EVENT_COLUMNS)
    else:
        run.show(row)


def _around(moment: datetime) -> tuple[datetime, datetime]:
    # `until` is exclusive; a call that began exactly at the edge counts.
    return moment - AROUND, moment + AROUND + timedelta(microseconds=1)
