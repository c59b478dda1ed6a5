"""`callvault recordings open`: a member of the staff opens a recording, with a reason, on the log first."""

from __future__ import annotations

import asyncio
import sys

from keys.passwords import normalise
from keys.secret import Secret
from vault.domain.staff import Role
from vault.entrypoints.cli.arguments import Id, PasswordFile
from vault.entrypoints.cli.custodians import as_custodian
from vault.entrypoints.cli.exits import WrongUsage
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.cli.passwords import STDIN, given_file, prompt_for, read_secret_file, text_of
from vault.entrypoints.cli.render import Row
from vault.entrypoints.cli.streams import STDOUT, Target, new_stream, write_all
from vault.errors import AccessDenied
from vault.ports.vault import Vault
from vault.usecases.open_as_staff import open_as_staff
from vault.usecases.open_recording import OpenRecording
from vault.usecases.unlock_staff import Custodian
from vault.usecases.use_grant import use_grant

BY_GRANT = "a manager opens by grant: --grant FILE"
"""What a manager is told who gave no grant's password, and could not be asked for it."""


def open_(
    recording: Id,
    /,
    *,
    reason: str,
    output: Target,
    grant: PasswordFile = None,
    password_file: PasswordFile = None,
    run: Run,
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
    grant
        File with the password of a grant; `-` is standard input. A manager is asked for it otherwise.
    password_file
        File with that person's passphrase; `-` is standard input.
    """
    if grant == STDIN == given_file(password_file, run.environ):
        raise WrongUsage("passphrase and grant can't both come from standard input")
    given = None if grant is None else read_secret_file(grant)

    async def _use(vault: Vault, custodian: Custodian) -> Row:
        password = given or await asked_for(custodian.member.role)
        if password is None:
            opened = await _without_grant(vault, custodian, recording, reason)
        else:
            granted = normalise(text_of(password))
            opened = await use_grant(vault, custodian, recording, password=granted, reason=reason)
        written = await write_all(stream, opened.plaintext(0, opened.recording.bytes))
        return {"id": opened.recording.id, "file": output, "bytes": written}

    with new_stream(output) as stream:
        if run.options.server is None:
            row = as_custodian(run, password_file, _use)
        else:
            from vault.entrypoints.cli.recordings_there import open_there  # noqa: PLC0415 - HTTP is seldom needed

            there = open_there(run, stream, recording, reason=reason, grant_password=given)
            row = {"id": there["id"], "file": output, "bytes": there["bytes"]}
    if output != STDOUT:
        run.show(row)
        run.note("The file is not sealed any more. Remove it when it has served its purpose.")


async def _without_grant(vault: Vault, custodian: Custodian, recording: str, reason: str) -> OpenRecording:
    try:
        return await open_as_staff(vault, custodian, recording, reason=reason)
    except AccessDenied as error:
        if custodian.member.role is Role.MANAGER:
            raise AccessDenied(f"{error}; {BY_GRANT}", error.why) from None
        raise


async def asked_for(role: str) -> Secret | None:
    """Ask a manager, who opens by grants alone, for the grant's password; None for others, or no terminal."""
    if role != Role.MANAGER or not sys.stdin.isatty():
        return None
    return await asyncio.to_thread(prompt_for, "password of the grant")
