"""`callvault push`: upload recordings as a source does. Needs no vault on this machine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from keys.secret import Secret
from vault.domain.call import Direction
from vault.entrypoints.cli.arguments import PasswordFile
from vault.entrypoints.cli.client_exits import client_failure, client_message, worst_of
from vault.entrypoints.cli.exits import WrongUsage, complain
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.cli.meter import meter
from vault.entrypoints.cli.passwords import read_secret_file
from vault.entrypoints.cli.render import Row
from vault.entrypoints.cli.times import moment_in
from vault.entrypoints.client.address import Address, parse_address
from vault.entrypoints.client.failures import ClientError
from vault.entrypoints.client.http import open_session
from vault.entrypoints.client.push import Receipt, Uploader, must_be_sendable
from vault.entrypoints.client.retry import Patience

app = App(
    name="push",
    help_format="plaintext",
    help_epilogue="""\
Example:
  callvault push call.wav --to https://vault.example --token-file /etc/callvault/token --call-id 1795305066.3

Only https:// is spoken, except to this machine. SSL_CERT_FILE names certificate authorities of your own.
Exit codes: 0 every file is safe; 1 one was refused or can't be read; 4 try again later.
""",
)

_COLUMNS = ("file", "recording", "bytes", "sealed_at", "log_index")
Repeated = Annotated[tuple[str, ...], Parameter(negative="")]


@app.default
def push(
    *files: str,
    to: str,
    token_file: PasswordFile = None,
    call_id: str | None = None,
    calling: Repeated = (),
    called: str | None = None,
    diverted_by: Repeated = (),
    started_at: str | None = None,
    duration: str | None = None,
    direction: Direction | None = None,
    carrier: str | None = None,
    agent: str | None = None,
    run: Run,
) -> int:
    """Upload recordings as a source does, and print their receipts.

    A receipt means that the recording survives a power cut; only then may the PBX delete its own.

    Parameters
    ----------
    files
        What to upload.
    to
        Address of the vault, such as https://vault.example.
    token_file
        File with the source's token; `-` is standard input.
    call_id
        The PBX's own id of the call.
    calling
        Calling number; may be given again.
    called
        Dialled number.
    diverted_by
        Diverting number; may be given again.
    started_at
        When the call began: ISO 8601 or epoch seconds; local time of the source without an offset.
    duration
        Its length in seconds.
    direction
        Which way the call went.
    carrier
        Originating carrier.
    agent
        Who took or made the call.
    """
    if not files:
        raise WrongUsage("say which files to upload")
    if token_file is None:
        raise WrongUsage("--token-file FILE is needed; - is standard input")
    details = _details(
        [
            ("Call-Id", call_id),
            *(("Calling", number) for number in calling),
            ("Called", called),
            *(("Diverted-By", number) for number in diverted_by),
            ("Started-At", started_at),
            ("Duration", duration),
            ("Direction", direction.value if direction else None),
            ("Carrier", carrier),
            ("Agent", agent),
        ]
    )
    try:
        address = parse_address(to)
        work = _push_all(address, read_secret_file(token_file), files, details, run)
        receipts, failures = asyncio.run(work)
    except ClientError as error:
        raise client_failure(error) from None
    run.show_list([_row(receipt) for receipt in receipts], _COLUMNS)
    return worst_of(failures)


async def _push_all(
    address: Address, token: Secret, files: Sequence[str], details: Sequence[tuple[str, str]], run: Run
) -> tuple[list[Receipt], list[Exception]]:
    """Upload one after the other; a file that fails does not stop the others.

    What can't be sent is told before anything is: a hook with an empty variable must not go unnoticed.
    """
    receipts: list[Receipt] = []
    paths, failures = _sendable(files)
    if not paths:
        return receipts, failures
    async with open_session(address) as session:
        uploader = Uploader(session, address, token, Patience())
        await uploader.introduce()  # a wrong token is told before a long upload, not after it
        for path in paths:
            try:
                with meter(path.name, await asyncio.to_thread(os.path.getsize, path)) as advance:
                    receipt = await uploader.upload(path, details, advance)
            except (ClientError, OSError) as error:
                failures.append(error)
                complain(f"{path}: {client_message(error)}")
            else:
                receipts.append(receipt)
                run.note(f"{path}: safe as {receipt.recording}")
    return receipts, failures


def _sendable(files: Sequence[str]) -> tuple[list[Path], list[Exception]]:
    paths: list[Path] = []
    failures: list[Exception] = []
    for file in files:
        try:
            must_be_sendable(Path(file))
        except (ClientError, OSError) as error:
            failures.append(error)
            complain(f"{file or '(empty)'}: {client_message(error)}")
        else:
            paths.append(Path(file))
    return paths, failures


def _details(given: Sequence[tuple[str, str | None]]) -> list[tuple[str, str]]:
    """Return the headers that say something; raise `WrongUsage` for what no header can carry."""
    said = [(f"Callvault-{name}", value) for name, value in given if value]
    for name, value in said:
        if not value.isprintable():
            raise WrongUsage(f"{name}: control characters are not taken")
    return said


def _row(receipt: Receipt) -> Row:
    return {
        "file": str(receipt.file),
        "recording": receipt.recording,
        "sha256": receipt.sha256,
        "bytes": receipt.bytes,
        "sealed_at": moment_in(receipt.sealed_at),
        "log_index": receipt.log_index,
    }
