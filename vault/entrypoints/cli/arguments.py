"""The kinds of arguments that commands share: parsed here, carried as types from here on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Protocol, TypeVar

from cyclopts import Parameter

from vault.domain.event import Action
from vault.domain.names import parse_id_prefix, parse_name
from vault.entrypoints.cli.times import parse_duration, parse_end, parse_start
from vault.errors import Invalid

Parsed = TypeVar("Parsed")


class _Token(Protocol):
    """A word of the command line, as the parser hands it over."""

    value: str


def _by(parse: Callable[[str], Parsed]) -> Callable[[object, Sequence[_Token]], Parsed]:
    """Make a converter of a parser; what it refuses is wrong usage."""

    def convert(_kind: object, tokens: Sequence[_Token]) -> Parsed:
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

PasswordFile = Annotated[str | None, Parameter(allow_leading_hyphen=True)]
"""A file with a password; `-` is standard input."""

Output = Annotated[Path | None, Parameter(name=("--output", "-o"))]
"""A new file to write to."""
