"""A calendar month in UTC, as reports are made for it."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

from vault.errors import Invalid

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """One month. It begins at midnight UTC of its first day, and ends where the next begins."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"

    @property
    def title(self) -> str:
        """Its name for people: `November 2026`."""
        return f"{calendar.month_name[self.number]} {self.year}"

    @property
    def days(self) -> int:
        """How many days it has."""
        return calendar.monthrange(self.year, self.number)[1]

    @property
    def begin(self) -> datetime:
        """Its first moment."""
        return datetime(self.year, self.number, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        late = self.number == _MONTHS_A_YEAR
        return datetime(self.year + late, 1 if late else self.number + 1, 1, tzinfo=UTC)

    def day(self, position: int) -> date:
        """Return the day at that place, from 0."""
        return date(self.year, self.number, position + 1)


def parse_month(text: str) -> Month:
    """Return the month of `2026-11`; raise `Invalid`."""
    match = _MONTH.fullmatch(text.strip())
    if not match or not 1 <= int(match[1]) <= 9998:  # noqa: PLR2004 - datetime's last year but one
        raise Invalid("a month is written as 2026-11")
    return Month(int(match[1]), int(match[2]))
