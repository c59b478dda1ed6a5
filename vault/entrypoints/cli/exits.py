"""From an error to an exit code and one clear line on standard error."""

from __future__ import annotations

import os
import sys
from enum import IntEnum

from keys.errors import CustodyUnavailable, KeysError, SignatureInvalid, SlotsUnavailable, StampInvalid
from vault.entrypoints.cli.text import plain
from vault.errors import DatabaseForbids, LogCorrupt, ProofInvalid, TooManyGuesses, Unavailable, VaultError

DEBUG_VARIABLE = "CALLVAULT_DEBUG"

_AGAIN_LATER = (Unavailable, TooManyGuesses, CustodyUnavailable, SlotsUnavailable)
_FOUND_WRONG = (ProofInvalid, LogCorrupt, SignatureInvalid, StampInvalid)


class ExitCode(IntEnum):
    """What a script may rely on."""

    DONE = 0
    FAILED = 1
    WRONG_USAGE = 2
    FOUND_WRONG = 3
    AGAIN_LATER = 4
    INTERRUPTED = 130  # 128 + SIGINT, as shells say it
    PIPE_CLOSED = 141  # 128 + SIGPIPE


class WrongUsage(Exception):
    """The command line asks for something that can't be meant."""


class CommandFailed(Exception):
    """The command could not do its work; the message says why, `code` how to take it."""

    def __init__(self, message: str, code: ExitCode = ExitCode.FAILED) -> None:
        super().__init__(message)
        self.code = code


_EXPECTED = (VaultError, KeysError, WrongUsage, CommandFailed)


def explain(error: BaseException) -> int:
    """Write one line about an error on standard error; return the exit code.

    `SystemExit` passes through. `CALLVAULT_DEBUG=1` shows the traceback of an unexpected error.
    """
    if isinstance(error, SystemExit):
        raise error
    if isinstance(error, KeyboardInterrupt):
        complain("stopped")
        return ExitCode.INTERRUPTED
    if isinstance(error, BrokenPipeError):
        _let_go_of_stdout()
        return ExitCode.PIPE_CLOSED
    code = exit_code(error)
    if os.environ.get(DEBUG_VARIABLE) == "1" and not (isinstance(error, _EXPECTED) or _is_usage(error)):
        _show_traceback(error)
    complain(message_of(error))
    return code


def exit_code(error: BaseException) -> ExitCode:
    """Return the exit code of an error."""
    if isinstance(error, CommandFailed):
        return error.code
    if isinstance(error, WrongUsage) or _is_usage(error):
        return ExitCode.WRONG_USAGE
    if isinstance(error, _FOUND_WRONG):
        return ExitCode.FOUND_WRONG
    if isinstance(error, _AGAIN_LATER) and not isinstance(error, DatabaseForbids):
        return ExitCode.AGAIN_LATER
    return ExitCode.FAILED


def message_of(error: BaseException) -> str:
    """Return the line that says what is wrong; an unexpected error is told by its type."""
    if isinstance(error, _EXPECTED):
        return str(error) or error.__class__.__name__
    if _is_usage(error):
        return " ".join(str(error).split()) + "; see --help"
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}"
    return f"unexpected {error.__class__.__name__}; {DEBUG_VARIABLE}=1 shows where"


def complain(message: str) -> None:
    """Write one line on standard error; what came from outside can't move the cursor."""
    sys.stderr.write(f"callvault: {plain(message)}\n")


def _is_usage(error: BaseException) -> bool:
    # Only what parsed the command line can raise these, so it has been imported already.
    parser = sys.modules.get("cyclopts")
    return parser is not None and isinstance(error, parser.CycloptsError)


def _show_traceback(error: BaseException) -> None:
    import traceback  # noqa: PLC0415 - only wanted when something is being looked for

    traceback.print_exception(error)


def _let_go_of_stdout() -> None:
    """Keep the interpreter from complaining about the closed pipe once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
