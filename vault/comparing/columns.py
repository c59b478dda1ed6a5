"""The columns by which entries are found, held against the entries: a changed one would hide an entry."""

from __future__ import annotations

from collections.abc import Sequence

from vault.audit.canonical import CanonicalEntry
from vault.ports.log import StoredRun

_MOST_FINDINGS = 1000


class ColumnComparison:
    """Takes every run of entries with what stands beside them."""

    def __init__(self) -> None:
        self._findings: list[str] = []
        self._more = 0

    def compare(self, entries: Sequence[CanonicalEntry | None], run: StoredRun) -> None:
        """Compare entries with the columns of their rows; None is one that could not be read."""
        if run.columns is None:  # there is nothing beside them to compare
            return
        there = [list(column) for column in run.columns]
        if all(entries) and columns_of([entry for entry in entries if entry]) == there:
            return
        rows = zip(entries, *there, strict=True)
        for index, (entry, *row) in enumerate(rows, run.first_index):
            if entry is not None and columns_of([entry]) != [[value] for value in row]:
                self._tell(index)

    def _tell(self, index: int) -> None:
        if len(self._findings) < _MOST_FINDINGS:
            self._findings.append(f"entry {index}: it is listed as something else than it says")
        else:
            self._more += 1

    def finish(self) -> list[str]:
        """Return every finding, or the first thousand and how many more."""
        more = [f"and {self._more} more entries that are listed as something else"] if self._more else []
        return self._findings + more


def columns_of(entries: Sequence[CanonicalEntry]) -> list[list[object]]:
    """Return what the columns must be, in the order of `StoredRun.columns`."""
    return [
        [entry.time for entry in entries],
        [entry.actor for entry in entries],
        [entry.action for entry in entries],
        [entry.outcome for entry in entries],
        [entry.channel for entry in entries],
        [entry.recording for entry in entries],
        [entry.facts.get("customer") for entry in entries],
    ]
