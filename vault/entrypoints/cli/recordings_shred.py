"""`callvault recordings shred`: a DPO ends a recording by instruction; a hold wins."""

from __future__ import annotations

from vault.entrypoints.cli.arguments import Id, PasswordFile
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.staff.recordings import SHRED, ShredRecording


def shred(
    recording: Id,
    /,
    *,
    reason: str,
    instructed_by: str | None = None,
    password_file: PasswordFile = None,
    run: Run,
) -> None:
    """Destroy a recording as --as DPO, by instruction; print the certificate. A hold wins.

    Parameters
    ----------
    recording
        Its id, or the beginning of it.
    reason
        Why, in a line of 500 characters at most.
    instructed_by
        Who instructed it, and how; a customer's recording needs an instruction of that customer.
    password_file
        File with the DPO's passphrase; `-` is standard input.
    """
    ended = run.ask(SHRED, ShredRecording(recording, reason, instructed_by), password_file)
    if run.for_people and ended["certificate"]:
        run.pass_on(str(ended["certificate"]))
        run.note(
            f"It is destroyed; this is its certificate. As a page to print:"
            f" callvault certificates show {ended['id']} -o certificate.html"
        )
    else:
        run.show(ended)
    if not ended["certificate"]:
        run.note("Nothing opens it any more. A mirror of the slots is away; the service finishes it then.")
