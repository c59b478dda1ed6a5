"""`callvault recordings request`, `requests` and `approve`: where a second DPO must agree to an opening."""

from __future__ import annotations

from vault.entrypoints.cli.arguments import Count, Id, PasswordFile
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.cli.times import with_age
from vault.entrypoints.staff import recordings as operations

_COLUMNS = ("id", "recording", "for", "state", "requested_by")


def request(
    recording: Id,
    /,
    *,
    reason: str,
    export: bool = False,
    password_file: PasswordFile = None,
    run: Run,
) -> None:
    """Ask, as --as NAME, to open a recording where a second DPO must approve; print the request's id.

    Parameters
    ----------
    recording
        Its id, or the beginning of it.
    reason
        Why, in a line of 500 characters at most.
    export
        To export it, not to open it.
    password_file
        File with that person's passphrase; `-` is standard input.
    """
    asked = operations.RequestOpening(recording, reason, export)
    row = run.ask(operations.REQUEST, asked, password_file)
    run.show(row)
    run.note(f"Another DPO approves it: callvault recordings approve {row['id']}")


def requests(*, limit: Count = 100, run: Run) -> None:
    """List what waits for a second DPO's approval, or is approved and not used yet, and until when.

    Parameters
    ----------
    limit
        How many at most.
    """
    rows = run.ask(operations.REQUESTS, operations.ListRequests(limit))
    if run.for_people:
        rows = with_age(rows, "requested_at")
    run.show_list(rows, (*_COLUMNS, "age" if run.for_people else "requested_at", "expires_at", "reason"))


def approve(request: Id, /, *, password_file: PasswordFile = None, run: Run) -> None:
    """Approve a request, as --as DPO who did not make it: it is good for once, within 24 hours.

    Parameters
    ----------
    request
        Its id, or the beginning of it.
    password_file
        File with the DPO's passphrase; `-` is standard input.
    """
    run.show(run.ask(operations.APPROVE, operations.OneRequest(request), password_file))
