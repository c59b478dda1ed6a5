"""What the database says when it fails, as the vault's errors. Only this reads driver errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from vault.errors import (
    Conflict,
    DatabaseForbids,
    DatabaseUnavailable,
    Invalid,
    LogUnavailable,
    NameTaken,
    NotFound,
    Overloaded,
    StorageFull,
    Unavailable,
    VaultError,
)

DRIVER_ERRORS = (DBAPIError, PoolTimeout, OSError)
# SQLite's names and PostgreSQL's SQLSTATEs ("PostgreSQL Error Codes").
_DUPLICATE = {
    "SQLITE_CONSTRAINT_UNIQUE",
    "SQLITE_CONSTRAINT_PRIMARYKEY",
    "SQLITE_CONSTRAINT_ROWID",
    "23505",  # unique_violation
}
_NO_RIGHT = "42501"  # insufficient_privilege
_NO_SPACE = StorageFull, "no space is left for the database"
_KNOWN: dict[str, tuple[type[VaultError], str]] = {
    "SQLITE_FULL": _NO_SPACE,
    "53100": _NO_SPACE,  # disk_full
    _NO_RIGHT: (DatabaseForbids, "the database's role may not do this; its owner may"),
    "55P03": (DatabaseUnavailable, "another process holds the log, or a table, for too long"),  # lock_timeout
}
_PASSING = {"40001", "40P01"}  # serialization_failure, deadlock_detected


class Duplicate(Conflict):
    """A row with a value that must be unique is there already."""


def is_fatal(error: Exception) -> bool:
    """Say whether a transaction can't go on after it: everything but a row, or a right, that was refused."""
    if isinstance(error, IntegrityError | DataError) or _name(error) == _NO_RIGHT:
        return False
    return isinstance(error, DRIVER_ERRORS)


def is_passing(error: Exception) -> bool:
    """Say whether the same transaction, begun again at once, may well go through."""
    return _name(error) in _PASSING


def translated(error: Exception) -> VaultError:
    """Return the vault's error for one of `DRIVER_ERRORS`; one of the vault's own comes back as it is."""
    if isinstance(error, VaultError):
        return error
    if isinstance(error, IntegrityError | DataError):
        return _refused_row(error)
    if isinstance(error, PoolTimeout):
        return Overloaded("every connection to the database is busy")
    kind, message = _KNOWN.get(_name(error), (DatabaseUnavailable, f"the database failed ({_told(error)})"))
    return kind(message)


def _refused_row(error: IntegrityError | DataError) -> VaultError:
    if isinstance(error, DataError):
        return Invalid("it holds a character or number that the database can't keep")
    if _name(error) in _DUPLICATE:
        return Duplicate("it is there already")
    return NotFound("what it belongs to is not there")


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
    """Return SQLite's name or PostgreSQL's SQLSTATE for what failed, or an empty string."""
    original = getattr(error, "orig", None)
    return str(getattr(original, "sqlite_errorname", None) or getattr(original, "sqlstate", None) or "")


def _told(error: Exception) -> str:
    """Return what may be said of an error: its own words could quote a row, or where the database is."""
    return _name(error) or type(getattr(error, "orig", None) or error).__name__
