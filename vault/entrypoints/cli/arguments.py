"""The kinds of arguments that commands share: parsed here, carried as types from here on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Protocol, TypeVar

from cyclopts import Parameter
from cyclopts.validators import Number

from vault.domain.event import Action
from vault.domain.month import Month, parse_month
from vault.domain.names import parse_id_prefix, parse_name
from vault.entrypoints.cli.times import parse_duration, parse_end, parse_start
from vault.errors import Invalid

Parsed = TypeVar("Parsed")

_LAST_INDEX = 2**53  # the last whole number of JSON (RFC 8259, 6), as at the HTTP door
_LAST_PORT = 65_535


class Token(Protocol):
    """A word of the command line, as the parser hands it over."""

    value: str


def _by(parse: Callable[[str], Parsed]) -> Callable[[object, Sequence[Token]], Parsed]:
    """Make a converter of a parser; what it refuses is wrong usage."""

    def convert(_kind: object, tokens: Sequence[Token]) -> Parsed:
        try:
            return parse(tokens[0].value)
        except Invalid as error:
            raise ValueError(str(error)) from None

    return convert


def _action(text: str) -> Action:
    try:
        return Action(text)
    except ValueError:
        raise ValueError(f"an action is one of {', '.join(Action)}") from None


Name = Annotated[str, Parameter(converter=_by(parse_name))]
"""The short name of a customer, source or person."""

Id = Annotated[str, Parameter(converter=_by(parse_id_prefix))]
"""An id or the unique beginning of one."""

Duration = Annotated[timedelta, Parameter(converter=_by(parse_duration))]

Start = Annotated[datetime, Parameter(converter=_by(parse_start))]
"""A time from which something counts."""

End = Annotated[datetime, Parameter(converter=_by(parse_end))]
"""A time until which something counts."""

# The parser would name the choices with dashes for dots.
LoggedAction = Annotated[Action, Parameter(converter=_by(_action), show_choices=False)]

Index = Annotated[int, Parameter(validator=Number(gte=0, lte=_LAST_INDEX))]
"""The place of an entry in the log, from 0."""

Port = Annotated[int | None, Parameter(validator=Number(gte=0, lte=_LAST_PORT))]
"""A TCP port; 0 picks a free one."""

Count = Annotated[int, Parameter(validator=Number(gte=1, lte=100_000))]
"""How many at most; a list is held in memory as a whole."""

ReportMonth = Annotated[Month, Parameter(converter=_by(parse_month), n_tokens=1, accepts_keys=False)]
"""A month, written 2026-11."""

PasswordFile = Annotated[str | None, Parameter(allow_leading_hyphen=True)]
"""A file with a password; `-` is standard input."""

Output = Annotated[Path | None, Parameter(name=("--output", "-o"))]
"""A new file to write to."""
