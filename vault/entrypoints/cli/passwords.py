"""Where passwords come from: a prompt, a file, standard input; never the command line, which others see."""

from __future__ import annotations

import getpass
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

from keys.secret import Secret
from vault.entrypoints.cli.exits import CommandFailed, WrongUsage
from vault.entrypoints.cli.text import plain

PASSWORD_FILE_VARIABLE = "CALLVAULT_PASSWORD_FILE"  # noqa: S105 - the name of a variable that names a file
_MAX_BYTES = 4096
STDIN = "-"


def read_password(prompt: str, file: str | None, environ: Mapping[str, str]) -> Secret:
    """Return the password as it was given, without its line's end: from `file`, or asked for on a terminal.

    Raise `WrongUsage` where there is neither, `CommandFailed` for an empty one.
    """
    given = given_password(file, environ)
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise WrongUsage(f"a password is needed: --password-file FILE, or - for standard input ({prompt})")
    return prompt_for(prompt)


def given_password(file: str | None, environ: Mapping[str, str]) -> Secret | None:
    """Return the password of `file` or of the file that the environment names; None without either."""
    file = given_file(file, environ)
    return read_secret_file(file) if file else None


def given_file(file: str | None, environ: Mapping[str, str]) -> str | None:
    """Return the file that was named, by the command or by the environment."""
    return file or environ.get(PASSWORD_FILE_VARIABLE)


def prompt_for(prompt: str) -> Secret:
    """Ask for a password on the terminal; raise `CommandFailed` for an empty one."""
    return _checked(getpass.getpass(f"{plain(prompt)}: ").encode("utf-8", "surrogateescape"), "the prompt")


def read_secret_file(file: str) -> Secret:
    """Return the first line of a file, `-` being standard input; warn where others can read it."""
    if file == STDIN:
        return _checked(sys.stdin.buffer.readline(_MAX_BYTES + 1), "standard input")
    path = Path(file)
    with path.open("rb") as opened:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & (stat.S_IRGRP | stat.S_IROTH) and path.is_file():
            sys.stderr.write(f"warning: others can read {plain(file)}; chmod 600 keeps it to you\n")
        return _checked(opened.readline(_MAX_BYTES + 1), file)


def _checked(line: bytes, where: str) -> Secret:
    text = line.rstrip(b"\r\n")
    if not text.strip():
        raise CommandFailed(f"there is no password in {where}")
    if len(line) > _MAX_BYTES:
        raise CommandFailed(f"the password in {where} is longer than {_MAX_BYTES} bytes")
    return Secret(text)


def text_of(secret: Secret) -> str:
    """Return a password as text; one that is no UTF-8 matches none that was issued, and does no harm."""
    return secret.reveal().decode("utf-8", "surrogateescape")
