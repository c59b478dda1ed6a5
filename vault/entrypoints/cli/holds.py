"""`callvault holds`: legal holds, which nothing beats."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from cyclopts import App

from vault.domain.event import Actor
from vault.domain.hold import LegalHold
from vault.entrypoints.cli.arguments import Id
from vault.entrypoints.cli.hold_rows import HOLD_COLUMNS, hold_row
from vault.entrypoints.cli.invocation import Run
from vault.ports.vault import Vault
from vault.usecases.place_hold import place_hold
from vault.usecases.release_hold import ReleasedHold, release_hold

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
def place(*recordings: Id, case: str, review: date | None = None, run: Run) -> None:
    """Place a hold on recordings: neither collection nor instruction destroys them while it stands.

    Parameters
    ----------
    recordings
        Their ids, or the beginnings of them; all are held, or none.
    case
        Reference of the case; better a number than a name.
    review
        The day it is to be looked at again, such as 2027-03-01.
    """

    async def _use(vault: Vault, by: Actor) -> Sequence[LegalHold]:
        return await place_hold(vault, recordings, case=case, review_on=review, by=by)

    run.show_list([hold_row(hold) for hold in run.in_vault(_use)], HOLD_COLUMNS)


@app.command
def release(hold: str, /, *, run: Run) -> None:
    """Release a hold, or all of a case. What its customer had collected meanwhile is destroyed now.

    Parameters
    ----------
    hold
        The reference of the case, or the id of a hold, or the beginning of it.
    """

    async def _use(vault: Vault, by: Actor) -> Sequence[ReleasedHold]:
        return await release_hold(vault, hold, by=by)

    rows = [
        {**hold_row(each.hold), "outcome": _outcome(each), "certificate": each.certificate}
        for each in run.in_vault(_use)
    ]
    run.show_list(rows, _RELEASED_COLUMNS)


@app.command(name="list")
def list_(*, all_: bool = False, run: Run) -> None:
    """List the holds in force, newest first.

    Parameters
    ----------
    all_
        Released ones too.
    """

    async def _use(vault: Vault, _by: Actor) -> Sequence[LegalHold]:
        async with vault.reading() as rows:
            return await rows.holds.all(in_force=not all_)

    run.show_list([hold_row(hold) for hold in run.in_vault(_use)], HOLD_COLUMNS)


def _outcome(released: ReleasedHold) -> str:
    """Say what became of the recording."""
    if not released.ends:
        return "kept"
    return "shredded" if released.certificate else "pending"
