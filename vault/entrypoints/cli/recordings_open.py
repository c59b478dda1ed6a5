"""`callvault recordings open`: a member of the staff opens a recording, with a reason, on the log first."""

from __future__ import annotations

from vault.entrypoints.cli.arguments import Id, PasswordFile
from vault.entrypoints.cli.custodians import as_custodian
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.cli.render import Row
from vault.entrypoints.cli.streams import STDOUT, Target, new_stream, write_all
from vault.ports.vault import Vault
from vault.usecases.open_as_staff import open_as_staff
from vault.usecases.unlock_staff import Custodian


def open_(
    recording: Id, /, *, reason: str, output: Target, password_file: PasswordFile = None, run: Run
) -> None:
    """Open a recording as --as NAME, with a reason; both are on the log before the first byte.

    Parameters
    ----------
    recording
        Its id, or the beginning of it.
    reason
        Why, in a line of 500 characters at most.
    output
        A new file, which only its owner can read; `-` is standard output.
    password_file
        File with that person's passphrase; `-` is standard input.
    """

    async def _use(vault: Vault, custodian: Custodian) -> Row:
        opened = await open_as_staff(vault, custodian, recording, reason=reason)
        written = await write_all(stream, opened.plaintext(0, opened.recording.bytes))
        return {"id": opened.recording.id, "file": output, "bytes": written}

    with new_stream(output) as stream:
        row = as_custodian(run, password_file, _use)
    if output != STDOUT:
        run.show(row)
        run.note("The file is not sealed any more. Remove it when it has served its purpose.")
