"""`callvault holds`: legal holds, which nothing beats."""

from __future__ import annotations

from datetime import date

from cyclopts import App

from vault.entrypoints.cli.arguments import Id, PasswordFile
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.staff import holds as operations
from vault.entrypoints.staff.hold_rows import HOLD_COLUMNS

app = App(
    name="holds",
    help_format="plaintext",
    help_epilogue="""\
Examples:
  callvault --as dana holds place 4f7k 9qx --case H-2026-7 --review 2027-03-01
  callvault holds list
  callvault --as dana holds release H-2026-7
""",
)

_RELEASED_COLUMNS = ("id", "recording", "case", "outcome")


@app.command
def place(
    *recordings: Id,
    case: str,
    review: date | None = None,
    password_file: PasswordFile = None,
    run: Run,
) -> None:
    """Place a hold, as --as DPO or tech manager: nothing destroys the recordings while it stands.

    Parameters
    ----------
    recordings
        Their ids, or the beginnings of them; all are held, or none.
    case
        Reference of the case; better a number than a name.
    review
        The day it is to be looked at again, such as 2027-03-01.
    password_file
        File with that person's passphrase; `-` is standard input.
    """
    asked = operations.PlaceHold(list(recordings), case, review)
    run.show_list(run.ask(operations.PLACE, asked, password_file), HOLD_COLUMNS)


@app.command
def release(hold: str, /, *, password_file: PasswordFile = None, run: Run) -> None:
    """Release a hold, or a case's, as --as DPO. What its customer had collected is destroyed now.

    Parameters
    ----------
    hold
        The reference of the case, or the id of a hold, or the beginning of it.
    password_file
        File with the DPO's passphrase; `-` is standard input.
    """
    rows = run.ask(operations.RELEASE, operations.ReleaseHold(hold), password_file)
    run.show_list(rows, _RELEASED_COLUMNS)


@app.command(name="list")
def list_(*, all_: bool = False, run: Run) -> None:
    """List the holds in force, newest first.

    Parameters
    ----------
    all_
        Released ones too.
    """
    run.show_list(run.ask(operations.LIST, operations.ListHolds(all_)), HOLD_COLUMNS)
