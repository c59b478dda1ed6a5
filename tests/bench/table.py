"""Figures side by side: each beside its peer, from rounds that took turns, as medians and their ratio."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of a table: what was measured, its median and its peer's, and the ratio asked for."""

    name: str
    unit: str
    ours: float
    peer: float | None
    goal: str

    def cells(self) -> tuple[str, ...]:
        """The line's cells as text."""
        peer = "" if self.peer is None else f"{self.peer:.2f}"
        ratio = "" if not self.peer else f"{self.ours / self.peer:.2f}"
        return (self.name, f"{self.ours:.2f}", peer, ratio, self.unit, self.goal)


def interleaved(rounds: int, works: Mapping[str, Callable[[], float]]) -> dict[str, float]:
    """Run each work once a round, in turn, and return the median of what each returned."""
    seen: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            seen[name].append(work())
    return {name: statistics.median(values) for name, values in seen.items()}


def render(title: str, rows: Sequence[Row]) -> str:
    """Return a Markdown table."""
    head = ("work", "ours", "peer", "ratio", "unit", "goal")
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
