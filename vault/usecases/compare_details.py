"""Detail rows held against the digests that the log has of them."""

from __future__ import annotations

from vault.audit.canonical import detail_digest
from vault.audit.entry import Entry
from vault.domain.event import Action
from vault.errors import LogCorrupt
from vault.ports.log import StoredEntry


class DetailComparison:
    """Takes every entry in order, then knows what was changed, and what was erased with an entry and without.

    Memory: a number for every row that is gone and that no later entry told of yet.
    """

    def __init__(self) -> None:
        self.findings: list[str] = []
        self.erased = 0
        self._gone: set[int] = set()

    def take(self, entry: Entry, stored: StoredEntry) -> None:
        """Compare one entry with its row."""
        if stored.detail is None and entry.detail is not None:
            self._gone.add(entry.index)
        elif not _fits(entry, stored):
            self.findings.append(f"entry {stored.index}: its detail row was changed")
        if entry.action == Action.DETAILS_ERASED:
            self._take_erasure(entry)

    def finish(self) -> list[str]:
        """Return every finding."""
        silent = [
            f"entry {index}: its detail row is gone, and no entry says that it was erased"
            for index in sorted(self._gone)
        ]
        return self.findings + silent

    def _take_erasure(self, entry: Entry) -> None:
        first, last = entry.facts.get("first"), entry.facts.get("last")
        if not isinstance(first, int) or not isinstance(last, int) or not first <= last < entry.index:
            self.findings.append(f"entry {entry.index}: it says that details were erased, but not whose")
            return
        for index in range(first, last + 1):
            if index not in self._gone:
                self.findings.append(
                    f"entry {index}: entry {entry.index} erased its details, which are there"
                )
            self._gone.discard(index)
            self.erased += 1


def _fits(entry: Entry, stored: StoredEntry) -> bool:
    """Say whether the detail row is the one that was logged."""
    if stored.detail is None:
        return True
    try:
        return entry.detail == detail_digest(stored.salt or b"", stored.detail)
    except (LogCorrupt, ValueError):  # a row or salt that no log has written
        return False
