"""Column types: a time that is always aware, and a number of 64 bits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# SQLite makes only INTEGER PRIMARY KEY the row's own number (sqlite.org/lang_createtable, "ROWIDs").
Whole = BigInteger().with_variant(Integer(), "sqlite")


def moments(column: Sequence[Any]) -> list[datetime | None]:
    """Return what a column of times holds as times in UTC, all at once; None for what is none."""
    try:
        return [_EPOCH + microseconds * _MICROSECOND for microseconds in column]
    except (TypeError, OverflowError):
        return [_moment(microseconds) for microseconds in column]


def _moment(microseconds: Any) -> datetime | None:  # noqa: ANN401 - whatever lies in the column
    try:
        return _EPOCH + microseconds * _MICROSECOND  # type: ignore[no-any-return]  # as it is unknown
    except (TypeError, OverflowError):
        return None


class Moment(TypeDecorator[datetime]):
    """An aware time, kept as whole microseconds since 1970 UTC, so that it sorts and never loses its zone."""

    impl = Whole
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the microseconds; raise `TypeError` for a time without zone."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ANN401, ARG002 - SQLAlchemy's signature
        """Return the time in UTC."""
        return None if value is None else _EPOCH + value * _MICROSECOND
