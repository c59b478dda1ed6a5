"""`callvault init`: found a vault."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from cyclopts import App

from keys.passwords import normalise
from keys.secret import Secret
from vault.app.founding import create_vault
from vault.config import Settings
from vault.db.engine import database_file, is_postgresql
from vault.domain.event import Actor, Channel
from vault.domain.names import StaffName
from vault.entrypoints.cli.arguments import Name, PasswordFile
from vault.entrypoints.cli.exits import CommandFailed, WrongUsage, message_of
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.cli.opening import system_user
from vault.entrypoints.cli.passwords import given_password, text_of

app = App(name="init", help_format="plaintext")

_SHORT_CHARACTERS = 20
_LOCAL = "local:"


@app.default
def init(
    *, dpo: Name, password_file: PasswordFile = None, recovery_file: Path | None = None, run: Run
) -> None:
    """Create the vault; print the first DPO's passphrase and the recovery identity once.

    An init that fails says what it had made, and can be repeated once that is removed.

    Parameters
    ----------
    dpo
        Short name of the first Data Protection Officer.
    password_file
        A passphrase for the DPO instead of an issued one; `-` is standard input.
    recovery_file
        A new file that takes the recovery identity; it can't lie under the data folder.
    """
    settings = run.settings()
    passphrase = _chosen(given_password(password_file, run.environ), run)
    recovery = _RecoveryFile(recovery_file, Path(settings.data)) if recovery_file else None
    # The id of a user is blinded under the vault's own key, which does not exist yet.
    founder = Actor("os:founder", system_user(), Channel.CLI)
    missing = [path for path in _places(settings) if not path.exists()]
    try:
        record, founding = asyncio.run(
            create_vault(settings, StaffName(dpo), by=founder, passphrase=passphrase)
        )
    except BaseException as error:
        if recovery:
            recovery.give_up()
        made = [str(path) for path in missing if path.exists()]
        if made and isinstance(error, Exception):
            # Not removed here: what is half-made and what belongs to a vault must never be confused.
            raise CommandFailed(
                f"{message_of(error)}; this init had made {' '.join(made)}: remove that before the next try"
            ) from error
        raise
    if recovery:
        recovery.write(founding.recovery)
    run.show(
        {
            "id": record.id,
            "name": dpo,
            "data": str(settings.data),
            "password": None if passphrase else text_of(founding.passphrase),
            "recovery_identity": None if recovery else text_of(founding.recovery),
        }
    )
    run.note(*_WHAT_TO_KEEP.splitlines())


def _places(settings: Settings) -> list[Path]:
    """Return where a vault on this machine lies."""
    root_key = Path(settings.custody.url.removeprefix(_LOCAL))
    places = [root_key, *settings.slots.paths]
    if not is_postgresql(settings.database.url):
        places.append(database_file(settings.database.url))
    return places


_WHAT_TO_KEEP = """\
The passphrase opens what the DPO may open. Its owner keeps it; nobody can show it again.
The recovery identity replaces a lost passphrase. Keep it offline, away from this machine and its backups.
Root key and slots lie where the settings say. A snapshot of them brings back what is destroyed after it."""


def _chosen(given: Secret | None, run: Run) -> Secret | None:
    """Return a chosen passphrase in the form in which it will be asked for again."""
    if given is None:
        return None
    passphrase = normalise(text_of(given))
    if not passphrase:
        raise CommandFailed("the passphrase is empty once spaces and dashes are set aside")
    if len(passphrase) < _SHORT_CHARACTERS:
        run.note(
            f"warning: a passphrase under {_SHORT_CHARACTERS} characters can be guessed from a stolen disk"
        )
    return passphrase


class _RecoveryFile:
    """A new file, 0600, made before the vault is: better no vault than one whose identity has no place."""

    def __init__(self, path: Path, data: Path) -> None:
        if path.resolve().is_relative_to(data.resolve()):
            raise WrongUsage(
                "the recovery identity can't lie under the data folder: both would be lost together"
            )
        self._path = path
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    def write(self, identity: Secret) -> None:
        """Write the identity durably."""
        with os.fdopen(self._fd, "wb") as file:
            file.write(identity.reveal() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def give_up(self) -> None:
        """Remove the file, which is still empty."""
        os.close(self._fd)
        self._path.unlink()
