"""`callvault recordings export`: a recording as an age file, which the standard tools open."""

from __future__ import annotations

from keys.errors import MalformedIdentity
from keys.identities import parse_recipient
from vault.entrypoints.cli.arguments import Id, PasswordFile
from vault.entrypoints.cli.custodians import as_custodian
from vault.entrypoints.cli.exits import WrongUsage
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.cli.render import Row, Value
from vault.entrypoints.cli.streams import STDOUT, Target, new_stream, write_all
from vault.ports.vault import Vault
from vault.usecases.export_recording import ExportRecipient, export_recording
from vault.usecases.unlock_staff import Custodian


def export(
    recording: Id,
    /,
    *,
    reason: str,
    output: Target,
    to: str | None = None,
    password_file: PasswordFile = None,
    run: Run,
) -> None:
    """Export a recording as --as DPO, sealed to one recipient; recipient and reason are on the log.

    Parameters
    ----------
    recording
        Its id, or the beginning of it.
    reason
        Why, in a line of 500 characters at most.
    output
        A new file, call.age for instance; `-` is standard output.
    to
        An age recipient, age1pq1… or age1…; without it the DPO office.
    password_file
        File with the DPO's passphrase; `-` is standard input.
    """
    recipient = None if to is None else _recipient(to)

    async def _use(vault: Vault, custodian: Custodian) -> Row:
        exported = await export_recording(vault, custodian, recording, reason=reason, to=recipient)
        written = await write_all(stream, exported.age_file())
        return {
            "id": exported.recording.id,
            "bytes": written,
            "recipient": exported.recipient,
            "fingerprint": exported.fingerprint,
        }

    with new_stream(output) as stream:
        if run.options.server is None:
            row = as_custodian(run, password_file, _use)
        else:
            from vault.entrypoints.cli.recordings_there import export_there  # noqa: PLC0415 - HTTP is seldom needed

            row = export_there(run, stream, recording, reason=reason, to=to)
    if output != STDOUT:
        run.show(_told(row, output, run))


def _told(row: Row, output: str, run: Run) -> Row:
    told: dict[str, Value] = {"id": row["id"], "file": output, "bytes": row["bytes"]}
    if not run.for_people:  # a post-quantum recipient fills a screen
        told["recipient"] = row["recipient"]
    return {**told, "fingerprint": row["fingerprint"]}


def _recipient(text: str) -> ExportRecipient:
    try:
        return parse_recipient(text)
    except MalformedIdentity as error:
        raise WrongUsage(f"--to: {error}") from None
