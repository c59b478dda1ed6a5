"""The geometry of the report's plots, in the units of their view box; the template draws them.

Nothing is told by colour alone: each series has a lightness and a hatching of its own, and each plot a table
beside it. Hatching is drawn in lines: printed patterns become pictures, and a report megabytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vault.domain.month import Month

_WIDTH = 720
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 8, 10, 24
_HEIGHT = 190
_STEPS = (1, 2, 5)
_HATCH = 4
_NARROW = 99  # in a column for each day of a month there is room for two digits
_MOST_TICKS = 5
_SATURDAY = 5
_BARS_WIDTH = 430
_ROW_HEIGHT, _LABEL_WIDTH, _VALUE_WIDTH, _BAR_HEIGHT = 24, 95, 60, 15


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle. `kind` says how it is filled: 1 is hatched across, 2 upwards, the others are plain."""

    x: float
    y: float
    width: float
    height: float
    kind: int = 0

    @property
    def hatch(self) -> str:
        """The lines within it, as the `d` of an SVG path; empty for plain ones and where none fits."""
        across, upwards = self.kind == 1, self.kind == 2  # noqa: PLR2004 - as said above
        room = self.height if across else self.width if upwards else 0
        places = [place * _HATCH for place in range(1, int(room / _HATCH) + 1) if place * _HATCH < room]
        if across:
            return "".join(f"M{self.x:g} {self.y + place:g}h{self.width:g}" for place in places)
        return "".join(f"M{self.x + place:g} {self.y:g}v{self.height:g}" for place in places)


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis, and what is written there."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class DayPlot:
    """Stacked bars, one for each day. `names` are of the series, whose kinds of box are their places."""

    title: str
    description: str
    names: Sequence[str]
    days: Sequence[str]
    series: Sequence[Sequence[int]]
    height: float
    boxes: Sequence[Box]
    weekends: Sequence[Box]
    across: Sequence[Tick]
    up: Sequence[Tick]
    left: float = _LEFT
    right: float = _WIDTH - _RIGHT
    width: float = _WIDTH

    @property
    def total(self) -> int:
        """The sum of everything."""
        return sum(map(sum, self.series))

    @property
    def spans(self) -> Sequence[slice]:
        """The days that fit into one table beside each other: all, or half where figures are wide."""
        every = len(self.days)
        widest = max((value for row in self.series for value in row), default=0)
        half = (every + 1) // 2
        return [slice(0, every)] if widest <= _NARROW else [slice(0, half), slice(half, every)]

    @property
    def swatches(self) -> Sequence[Box]:
        """How each series is drawn, for the legend."""
        return [Box(0.5, 0.5, 15, 11, kind) for kind in range(len(self.names))]


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar that lies, its label before and its count behind it."""

    label: str
    count: int
    box: Box


@dataclass(frozen=True, slots=True)
class BarPlot:
    """Bars that lie below each other."""

    title: str
    description: str
    height: float
    bars: Sequence[Bar]
    left: float = _LABEL_WIDTH
    width: float = _BARS_WIDTH

    @property
    def total(self) -> int:
        """The sum of everything."""
        return sum(bar.count for bar in self.bars)


def day_plot(title: str, series: Mapping[str, Sequence[int]], month: Month) -> DayPlot:
    """Return the plot of what happened on each day of a month."""
    rows = [list(row) for row in series.values()]
    totals = [sum(column) for column in zip(*rows, strict=True)] or [0] * month.days
    ticks = _ticks(max(totals))
    room = _HEIGHT - _TOP - _BOTTOM
    unit, step = room / ticks[-1], (_WIDTH - _LEFT - _RIGHT) / month.days
    return DayPlot(
        title=title,
        description=_described(totals),
        names=list(series),
        days=[str(position + 1) for position in range(month.days)],
        series=rows,
        height=_HEIGHT,
        boxes=_stacks(rows, step, unit),
        weekends=[
            Box(_LEFT + position * step, _TOP, step, room)
            for position in range(month.days)
            if month.day(position).weekday() >= _SATURDAY
        ],
        across=[Tick(_LEFT + (position + 0.5) * step, str(position + 1)) for position in range(month.days)],
        up=[Tick(_HEIGHT - _BOTTOM - value * unit, f"{value:,}") for value in ticks],
    )


def bar_plot(title: str, counts: Mapping[str, int]) -> BarPlot:
    """Return the plot of a count for each label, in the order given."""
    most = max([1, *counts.values()])
    unit = (_BARS_WIDTH - _LABEL_WIDTH - _VALUE_WIDTH) / most
    bars = [
        Bar(
            label,
            count,
            Box(_LABEL_WIDTH, place * _ROW_HEIGHT + 4, count * unit, _BAR_HEIGHT),
        )
        for place, (label, count) in enumerate(counts.items())
    ]
    told = "; ".join(f"{label}: {count:,}" for label, count in counts.items())
    return BarPlot(title, told, len(counts) * _ROW_HEIGHT + 4, bars)


def _stacks(rows: Sequence[Sequence[int]], step: float, unit: float) -> list[Box]:
    boxes = []
    for position, column in enumerate(zip(*rows, strict=True)):
        top = float(_HEIGHT - _BOTTOM)
        for kind, value in enumerate(column):
            if value:
                top -= value * unit
                x = _LEFT + (position + 0.15) * step
                boxes.append(
                    Box(round(x, 2), round(top, 2), round(step * 0.7, 2), round(value * unit, 2), kind)
                )
    return boxes


def _ticks(most: int) -> list[int]:
    """Return whole numbers from 0 to `most` or more, in steps of 1, 2 or 5 times a power of ten."""
    power = 1
    while True:
        for step in _STEPS:
            if most <= step * power * _MOST_TICKS:
                count = max(1, -(-most // (step * power)))
                return [place * step * power for place in range(count + 1)]
        power *= 10


def _described(totals: Sequence[int]) -> str:
    """Say what can be seen, for who can't."""
    total, most = sum(totals), max(totals)
    if not total:
        return "Nothing on any day."
    day = totals.index(most) + 1
    return f"{total:,} in all; the most on one day are {most:,}, on day {day}."
