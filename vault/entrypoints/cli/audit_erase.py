"""`callvault audit erase-details`: names and reasons go from beside the log; the log stays whole."""

from __future__ import annotations

from vault.entrypoints.cli.arguments import Index, PasswordFile
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.staff.audit_erase import ERASE, EraseDetails


def erase_details(*indexes: Index, reason: str, password_file: PasswordFile = None, run: Run) -> None:
    """Erase names, reasons and addresses of entries older than 35 days, as --as DPO; this is logged itself.

    Parameters
    ----------
    indexes
        The places of the entries in the log; all are erased, or none.
    reason
        Why, in a line of 500 characters at most; it stays, so name nobody in it.
    password_file
        File with the DPO's passphrase; `-` is standard input.
    """
    run.show(run.ask(ERASE, EraseDetails(list(indexes), reason), password_file))
    run.note("Backups made before this still hold the details, for as long as they are kept.")
