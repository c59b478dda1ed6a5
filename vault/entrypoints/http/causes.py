"""Why something is unavailable, as far as the service's log may say it.

Kinds of errors and the system's own names for them: their texts may hold paths, queries and values.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator

import structlog

from keys.errors import KeysError
from vault.errors import VaultError

_DEEPEST = 5

log = structlog.get_logger("callvault.http")


def log_unavailable(error: VaultError | KeysError, *, part: str | None = None) -> None:
    """Say what could not serve: the code, our own words, and what lay behind them."""
    where = {} if part is None else {"part": part}
    log.warning("unavailable", code=error.code, why=str(error), because=list(causes_of(error)), **where)


def causes_of(error: BaseException) -> Iterator[str]:
    """Yield what led to an error, the nearest first, such as `OSError ENOSPC`."""
    cause = error.__cause__
    for _ in range(_DEEPEST):
        if cause is None:
            return
        yield " ".join(filter(None, (type(cause).__name__, _named(cause))))
        cause = cause.__cause__ or getattr(cause, "orig", None)


def _named(error: BaseException) -> str:
    """Return the system's, SQLite's or PostgreSQL's name for an error, or an empty string."""
    if isinstance(error, OSError) and error.errno is not None:
        return errno.errorcode.get(error.errno, str(error.errno))
    return str(getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None) or "")
