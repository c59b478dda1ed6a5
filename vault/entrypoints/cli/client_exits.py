"""From what goes wrong between a client and the vault to an exit code and a line that says why."""

from __future__ import annotations

from collections.abc import Sequence

from vault.entrypoints.cli.exits import CommandFailed, ExitCode, message_of
from vault.entrypoints.client.failures import CertificateWrong, ClientError, TryAgain


def client_failure(error: ClientError) -> CommandFailed:
    """Return what the command fails with: trying again later may help, or not."""
    code = ExitCode.AGAIN_LATER if isinstance(error, TryAgain) else ExitCode.FAILED
    return CommandFailed(str(error), code)


def client_message(error: Exception) -> str:
    """Return the line that says why one of several things did not work."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) if isinstance(error, ClientError) else message_of(error)


def worst_of(failures: Sequence[Exception]) -> ExitCode:
    """Return the exit code of several failures: to try again later only if that may help every one.

    A certificate that does not fit goes before everything else.
    """
    if not failures:
        return ExitCode.DONE
    if any(isinstance(failure, CertificateWrong) for failure in failures):
        return ExitCode.FOUND_WRONG
    if all(isinstance(failure, TryAgain) for failure in failures):
        return ExitCode.AGAIN_LATER
    return ExitCode.FAILED
