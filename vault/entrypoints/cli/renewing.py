"""Finishing renewals from the command: how far they are is told on standard error."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from vault.domain.renewal import Renewal, RenewalStage
from vault.entrypoints.cli.invocation import Invocation
from vault.entrypoints.cli.render import Row
from vault.ports.vault import Vault
from vault.usecases.renew_seals import renew_seals
from vault.usecases.unlock_staff import Custodian

RENEWAL_COLUMNS = ("number", "key", "generation", "begun_at", "done", "total", "unopened", "finished_at")
_UNOPENED = (
    "{} could not be opened, and stay sealed to a key that has ended: look at `callvault audit verify`"
)


async def finish_renewals(run: Invocation, vault: Vault, custodian: Custodian) -> Sequence[Renewal]:
    """Finish what rotations left, with a line on standard error for each batch of it."""
    finished = await renew_seals(vault, custodian, _Teller().tell)
    unopened = sum(renewal.unopened for renewal in finished)
    if unopened:
        run.note(f"warning: {_UNOPENED.format(unopened)}")
    return finished


def renewal_row(renewal: Renewal) -> Row:
    """Return what is shown of a renewal."""
    return {
        "number": renewal.number,
        "key": _name(renewal),
        "generation": renewal.generation,
        "begun_at": renewal.begun_at,
        "done": renewal.total - renewal.left,
        "total": renewal.total,
        "unopened": renewal.unopened,
        "finished_at": renewal.finished_at,
    }


class _Teller:
    """Says how far a renewal is, once for each step forward; a terminal shows one line that changes."""

    def __init__(self) -> None:
        self._told = ""

    def tell(self, renewal: Renewal) -> None:
        """Take in where it is now."""
        line = f"{_name(renewal)}: {renewal.total - renewal.left} of {renewal.total} sealed anew"
        terminal, over = sys.stderr.isatty(), renewal.stage is RenewalStage.FINISHED
        if line != self._told:
            sys.stderr.write(f"\r{line}" if terminal else f"{line}\n")
        if terminal and over:
            sys.stderr.write("\n")
        sys.stderr.flush()
        self._told = line


def _name(renewal: Renewal) -> str:
    return f"{renewal.owner} {renewal.owner_id}" if renewal.customer else renewal.owner_id
