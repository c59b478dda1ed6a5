"""Figures side by side: each beside its peer, from rounds that took turns, as medians and their ratio."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

_SHARP, _FINE = 100, 10
"""From these sizes on a figure is shown without, or with one, digit after the point."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: what was measured, its median and its peer's, their ratio, and the goal.

    `note` says what a figure can't: why a peer is not there, or what else was seen.
    """

    name: str
    unit: str
    ours: float
    peer: float | None
    goal: str
    ratio: float | None = None
    note: str = ""

    def cells(self) -> tuple[str, ...]:
        """The line's cells as text."""
        ratio = self.ours / self.peer if self.ratio is None and self.peer else self.ratio
        return (
            self.name,
            _short(self.ours),
            "" if self.peer is None else _short(self.peer),
            "" if ratio is None else f"{ratio:.2f}",
            self.unit,
            self.goal,
            self.note,
        )


@dataclass(frozen=True, slots=True)
class Rounds:
    """What each of several works returned, round by round."""

    seen: Mapping[str, Sequence[float]]

    def median(self, name: str) -> float:
        """The median of one work's rounds."""
        return statistics.median(self.seen[name])

    def ratio(self, ours: str, peer: str) -> float:
        """The median of the ratios of each round: what drifts between rounds drops out."""
        pairs = zip(self.seen[ours], self.seen[peer], strict=True)
        return statistics.median(mine / theirs for mine, theirs in pairs)

    def row(self, name: str, unit: str, ours: str, peer: str, *, goal: str) -> Row:
        """Return one work beside another."""
        return Row(name, unit, self.median(ours), self.median(peer), goal, self.ratio(ours, peer))


def interleaved(rounds: int, works: Mapping[str, Callable[[], float]]) -> Rounds:
    """Run each work once a round, in turn, and return what each returned."""
    seen: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            seen[name].append(work())
    return Rounds(seen)


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that so many per cent of them don't exceed."""
    ranked = sorted(values)
    return ranked[max(0, -(-int(percent * len(ranked)) // 100) - 1)]


def render(title: str, rows: Sequence[Row]) -> str:
    """Return a Markdown table."""
    head = ("work", "ours", "peer", "ratio", "unit", "goal", "note")
    lines = [
        f"### {title}",
        "",
        "| " + " | ".join(head) + " |",
        "| " + " | ".join("---" for _ in head) + " |",
    ]
    lines += ["| " + " | ".join(row.cells()) + " |" for row in rows]
    return "\n".join(lines)


def machine() -> str:
    """Return what this was measured on."""
    kernel = f"{platform.machine()}, Linux {platform.release()}"
    return f"{os.cpu_count()} cores, {kernel}, Python {platform.python_version()}"


def _short(figure: float) -> str:
    return f"{figure:.0f}" if figure >= _SHARP else f"{figure:.1f}" if figure >= _FINE else f"{figure:.2f}"
