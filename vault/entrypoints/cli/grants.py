"""`callvault grants`: one person's access to one recording, by a password of its own."""

from __future__ import annotations

from collections.abc import Sequence

from cyclopts import App

from vault.domain.grant import GrantState
from vault.entrypoints.cli.arguments import Duration, Id, Name, PasswordFile
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.cli.times import with_age
from vault.entrypoints.staff import grants as operations
from vault.entrypoints.staff.row import Row

app = App(
    name="grants",
    help_format="plaintext",
    help_epilogue="""\
Examples:
  callvault --as dana grants issue 4f7k mia --reason "complaint 12" --expires 2d
  callvault grants list --pending
  callvault --as dora grants approve 8xv
  callvault grants list --live
  callvault grants revoke 8xv
""",
)

_COLUMNS = ("id", "recording", "manager", "state", "used", "uses", "expires_at")
_PENDING_COLUMNS = ("id", "recording", "manager", "uses", "issued_by")


@app.command
def issue(
    recording: Id,
    manager: Name,
    /,
    *,
    reason: str,
    expires: Duration | None = None,
    uses: int = 1,
    password_file: PasswordFile = None,
    run: Run,
) -> None:
    """Grant a recording to a person, as --as DPO; print the grant's password once.

    Parameters
    ----------
    recording
        Its id, or the beginning of it.
    manager
        A manager's short name, or a tech manager's.
    reason
        Why, in a line of 500 characters at most.
    expires
        How long it can be used, such as 12h or 7d; 24 hours unless given, 30 days at most.
    uses
        How often it opens the recording.
    password_file
        File with the DPO's passphrase; `-` is standard input.
    """
    seconds = None if expires is None else int(expires.total_seconds())
    asked = operations.IssueGrant(recording, manager, reason, seconds, uses)
    row = run.ask(operations.ISSUE, asked, password_file)
    run.show(row)
    run.note("The password is shown once. It opens this recording alone, and for that person alone.")
    if row["state"] == GrantState.PENDING:
        run.note(f"It opens nothing until another DPO approves it: callvault grants approve {row['id']}")


@app.command
def approve(grant: Id, /, *, password_file: PasswordFile = None, run: Run) -> None:
    """Approve a grant, as --as DPO who did not issue it: only then does it open its recording.

    Parameters
    ----------
    grant
        Its id, or the beginning of it.
    password_file
        File with the DPO's passphrase; `-` is standard input.
    """
    if run.options.server is None:
        run.show(run.ask(operations.APPROVE, operations.ApproveGrant(grant), password_file))
    else:
        from vault.entrypoints.cli.grants_there import approve_there  # noqa: PLC0415 - most commands need no HTTP

        run.show(approve_there(run, grant))


@app.command(name="list")
def list_(
    *,
    recording: Id | None = None,
    manager: Name | None = None,
    live: bool = False,
    pending: bool = False,
    run: Run,
) -> None:
    """List grants, newest first.

    Parameters
    ----------
    recording
        Only this recording's.
    manager
        Only this person's.
    live
        Only those that still open something, or wait for approval.
    pending
        Only those that wait for another DPO's approval, with the reason that was stated for them.
    """
    rows = run.ask(operations.LIST, operations.ListGrants(recording, manager, live, pending))
    if pending:
        _show_pending(run, rows)
    else:
        run.show_list(rows, _COLUMNS)


def _show_pending(run: Run, rows: Sequence[Row]) -> None:
    if run.for_people:
        rows = with_age(rows, "issued_at")
    run.show_list(rows, (*_PENDING_COLUMNS, "age" if run.for_people else "issued_at", "expires_at", "reason"))


@app.command
def revoke(grant: Id, /, *, run: Run) -> None:
    """Revoke a grant: it opens nothing from now on, in no copy of the database.

    Parameters
    ----------
    grant
        Its id, or the beginning of it.
    """
    run.show(run.ask(operations.REVOKE, operations.OneGrant(grant)))
