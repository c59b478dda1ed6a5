"""What the database says when it fails, as the vault's errors. Only this reads driver errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from vault.errors import (
    Conflict,
    DatabaseUnavailable,
    LogUnavailable,
    NameTaken,
    NotFound,
    Overloaded,
    StorageFull,
    Unavailable,
    VaultError,
)

DRIVER_ERRORS = (DBAPIError, PoolTimeout, OSError)
_DUPLICATE = {"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_ROWID"}


class Duplicate(Conflict):
    """A row with a value that must be unique is there already."""


def is_fatal(error: Exception) -> bool:
    """Say whether a transaction can't go on after it: everything but a row that was refused."""
    return isinstance(error, DRIVER_ERRORS) and not isinstance(error, IntegrityError | DataError)


def translated(error: Exception) -> VaultError:
    """Return the vault's error for one of `DRIVER_ERRORS`; one of the vault's own comes back as it is."""
    if isinstance(error, VaultError):
        return error
    if isinstance(error, IntegrityError):
        if _name(error) in _DUPLICATE:
            return Duplicate("it is there already")
        return NotFound("what it belongs to is not there")
    if isinstance(error, PoolTimeout):
        return Overloaded("every connection to the database is busy")
    if _name(error) == "SQLITE_FULL":
        return StorageFull("no space is left for the database")
    return DatabaseUnavailable(f"the database failed ({_name(error) or type(error).__name__})")


def log_failure(error: Exception) -> LogUnavailable:
    """Return what those get who wait for their log entries, whatever kept them from being written."""
    known = isinstance(error, (VaultError, *DRIVER_ERRORS))
    reason = str(translated(error)) if known else type(error).__name__
    return LogUnavailable(f"the access log can't be written: {reason}")


def group_failure(error: Exception) -> Unavailable:
    """Return what every body of a group gets: they share one transaction, and nothing of it stayed."""
    known = translated(error) if isinstance(error, (VaultError, *DRIVER_ERRORS)) else log_failure(error)
    if isinstance(known, DatabaseUnavailable | LogUnavailable):
        return known
    return log_failure(known)


@contextmanager
def vault_errors() -> Iterator[None]:
    """Raise the vault's errors instead of the driver's."""
    try:
        yield
    except DRIVER_ERRORS as error:
        raise translated(error) from error


@contextmanager
def unique_name(kind: str, name: str) -> Iterator[None]:
    """Raise `NameTaken` where the row that is being added has a name in use."""
    try:
        yield
    except Duplicate as error:
        raise NameTaken(f"a {kind} named {name} exists already") from error


def _name(error: Exception) -> str:
    """Return SQLite's name for what failed, or an empty string."""
    return str(getattr(getattr(error, "orig", None), "sqlite_errorname", ""))
