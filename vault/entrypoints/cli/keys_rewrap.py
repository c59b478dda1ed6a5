"""`callvault keys rewrap`: the service's secret under another root key, as a DPO."""

from __future__ import annotations

import asyncio
from pathlib import Path

from keys.custody import Custody, create_custody, destroy_custody, open_custody
from keys.errors import CustodyRefused
from vault.entrypoints.cli.arguments import PasswordFile
from vault.entrypoints.cli.custodians import as_custodian
from vault.entrypoints.cli.exits import CommandFailed, WrongUsage
from vault.entrypoints.cli.invocation import Run
from vault.ports.vault import Vault
from vault.usecases.rewrap_secret import rewrap_secret
from vault.usecases.unlock_staff import Custodian

_FILE = "local:"


def rewrap(*, to: str, destroy_old: bool = False, password_file: PasswordFile = None, run: Run) -> None:
    """Wrap the service's secret under another root key, as --as DPO. A running service goes on meanwhile.

    Parameters
    ----------
    to
        The other root key: `local:/new/path`, `awskms:alias/NAME` or `awskms:ARN`. A file is made,
        its folder is not.
    destroy_old
        Destroy the old root key once the new one serves; only a local file can be.
    password_file
        File with the DPO's passphrase; `-` is standard input.
    """
    url = run.settings().custody.url
    if destroy_old and not url.startswith(_FILE):
        raise WrongUsage("only a root key in a local file can be destroyed here; end the old one where it is")

    _must_have_folder(to)

    async def _use(vault: Vault, dpo: Custodian) -> tuple[str, str]:
        dpo.must_be_dpo()
        old = await asyncio.to_thread(open_custody, url)
        new = await asyncio.to_thread(_taken_into_use, to)
        await rewrap_secret(vault, dpo, old, new)
        return old.uri, new.uri

    before, after = as_custodian(run, password_file, _use)
    run.note(f'Now set [custody] url = "{after}": without it neither the service nor a command starts.')
    if destroy_old:  # should it fail, the secret has moved all the same, and the line above holds
        destroy_custody(before)
    run.show({"from": before, "to": after, "old_destroyed": destroy_old})


def _must_have_folder(uri: str) -> None:
    """Raise `CommandFailed` where the file's folder is missing: mistyped, or on a disk that is away."""
    if uri.startswith(_FILE):
        folder = Path(uri.removeprefix(_FILE).removeprefix("//")).absolute().parent
        if not folder.is_dir():
            raise CommandFailed(
                f"there is no folder {folder}: make it, or mount its disk; nothing was changed"
            )


def _taken_into_use(uri: str) -> Custody:
    """Make the root key, or open the file that an attempt which was cut off has made."""
    try:
        return create_custody(uri)
    except CustodyRefused:
        if not uri.startswith(_FILE):
            raise
        return open_custody(uri)  # what is there and is no root key is refused
