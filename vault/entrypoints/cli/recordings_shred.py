"""`callvault recordings shred`: a DPO ends a recording by instruction; a hold wins."""

from __future__ import annotations

from vault.entrypoints.cli.arguments import Id, PasswordFile
from vault.entrypoints.cli.custodians import as_custodian
from vault.entrypoints.cli.invocation import Run
from vault.ports.vault import Vault
from vault.usecases.shred_by_instruction import Instructed, shred_by_instruction
from vault.usecases.unlock_staff import Custodian


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

    async def _use(vault: Vault, custodian: Custodian) -> Instructed:
        return await shred_by_instruction(
            vault, custodian, recording, reason=reason, instructed_by=instructed_by
        )

    ended = as_custodian(run, password_file, _use)
    state = "shredded" if ended.certificate else "pending"
    if run.for_people and ended.certificate:
        run.write(ended.certificate)
    else:
        run.show({"id": ended.recording, "state": state, "certificate": ended.certificate})
    if not ended.certificate:
        run.note("Nothing opens it any more. A mirror of the slots is away; the service finishes it then.")
