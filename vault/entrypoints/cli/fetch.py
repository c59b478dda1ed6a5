"""`callvault fetch`: collect recordings as a customer does. Needs no vault on this machine."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from keys.signing import NoteVerifier
from vault.entrypoints.cli.arguments import PasswordFile
from vault.entrypoints.cli.client_exits import client_failure, client_message, worst_of
from vault.entrypoints.cli.exits import ExitCode, WrongUsage, complain
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.cli.meter import meter
from vault.entrypoints.cli.passwords import read_password, text_of
from vault.entrypoints.cli.render import Row
from vault.entrypoints.client.address import Address, parse_address
from vault.entrypoints.client.collecting import signed_in
from vault.entrypoints.client.failures import ClientError
from vault.entrypoints.client.fetch import Fetched, Fetcher
from vault.entrypoints.client.http import open_session
from vault.entrypoints.client.ledger import Ledger
from vault.entrypoints.client.retry import Patience

app = App(
    name="fetch",
    help_format="plaintext",
    help_epilogue="""\
Examples:
  callvault fetch 'https://vault.example/collect#TOKEN' -o recordings --password-file password.txt
  callvault fetch https://vault.example --customer acme -o recordings --key "$(cat callvault.vkey)"

Only https:// is spoken, except to this machine. SSL_CERT_FILE names certificate authorities of your own.
Exit codes: 0 everything that waited is in the folder and confirmed; 1 something failed for good;
3 a certificate does not fit what was collected; 4 try again later: it goes on where it stopped.
""",
)

_COLUMNS = ("id", "state", "bytes", "file", "certificate")
_MEANING = {
    "shredded": "destroyed at the vault; the certificate proves it",
    "held": "a legal hold keeps it at the vault as well",
    "retained": "your own instruction keeps it at the vault as well",
    "pending": "nobody can open it at the vault any more; run this again later for the certificate",
}


@app.default
def fetch(
    url: str,
    /,
    *,
    output: Annotated[Path, Parameter(name=("--output", "-o"))],
    password_file: PasswordFile = None,
    customer: str | None = None,
    key: str | None = None,
    run: Run,
) -> int:
    """Collect what waits: download, verify, confirm, save the certificates.

    Confirming destroys the recording at the vault: it is done once the file is whole and synced to disk.

    Parameters
    ----------
    url
        The link, or with --customer the vault's address.
    output
        The folder for the recordings; made if it is missing.
    password_file
        File with the retrieval password; `-` is standard input.
    customer
        Short name to sign in with, without a link.
    key
        The log's verifier key, as `callvault audit key` prints it: certificates are checked against it.
    """
    verifier = NoteVerifier.parse(key.strip()) if key is not None else None
    try:
        address = parse_address(url)
        if (address.link is None) is (customer is None):
            raise WrongUsage("give the whole link with its #TOKEN, or the address and --customer NAME")
        password = text_of(read_password("retrieval password", password_file, run.environ))
        output.mkdir(parents=True, exist_ok=True)
        results = asyncio.run(_fetch_all(address, customer, password, output, verifier=verifier, run=run))
    except ClientError as error:
        raise client_failure(error) from None
    run.show_list([_row(result) for result in results if result.error is None], _COLUMNS)
    failures = [result.error for result in results if result.error is not None]
    if not failures and any(result.state == "pending" for result in results):
        return ExitCode.AGAIN_LATER
    return worst_of(failures)


async def _fetch_all(
    address: Address,
    customer: str | None,
    password: str,
    folder: Path,
    *,
    verifier: NoteVerifier | None,
    run: Run,
) -> list[Fetched]:
    results: list[Fetched] = []
    async with (
        open_session(address) as session,
        signed_in(session, address, password=password, customer=customer, patience=Patience()) as collector,
    ):
        async for result in Fetcher(collector, folder, Ledger.open(folder), meter, verifier).run():
            results.append(result)
            _tell(result, folder, run)
    return results


def _tell(result: Fetched, folder: Path, run: Run) -> None:
    if result.error is None:
        name = result.file.name if result.file else result.id
        run.note(f"{name}: {result.state}, {_MEANING.get(result.state or '', 'see the vault')}")
    elif isinstance(result.error, OSError) and result.error.errno in {errno.ENOSPC, errno.EDQUOT}:
        complain(f"{result.id}: no space is left in {folder}; it was not confirmed, so the vault keeps it")
    else:
        complain(f"{result.id}: {client_message(result.error)}")


def _row(result: Fetched) -> Row:
    return {
        "id": result.id,
        "state": result.state,
        "file": str(result.file) if result.file else None,
        "bytes": result.bytes,
        "sha256": result.sha256,
        "certificate": str(result.certificate) if result.certificate else None,
    }
