"""The columns by which entries are found, held against the entries: a changed one would hide an entry."""

from __future__ import annotations

from vault.audit.entry import Entry
from vault.ports.log import StoredEntry

_MOST_FINDINGS = 1000


class ColumnComparison:
    """Takes every entry with what stands beside it."""

    def __init__(self) -> None:
        self._findings: list[str] = []
        self._more = 0

    def take(self, entry: Entry, stored: StoredEntry) -> None:
        """Compare one entry with the columns of its row; a store without such columns has none to compare."""
        if stored.columns is None or stored.columns == columns_of(entry):
            return
        if len(self._findings) < _MOST_FINDINGS:
            self._findings.append(f"entry {stored.index}: it is listed as something else than it says")
        else:
            self._more += 1

    def finish(self) -> list[str]:
        """Return every finding, or the first thousand and how many more."""
        more = [f"and {self._more} more entries that are listed as something else"] if self._more else []
        return self._findings + more


def columns_of(entry: Entry) -> tuple[object, ...]:
    """Return what the columns must be, in the order of `StoredEntry.columns`."""
    return (
        entry.time,
        entry.actor,
        entry.action,
        entry.outcome,
        entry.channel,
        entry.recording,
        entry.facts.get("customer"),
    )
