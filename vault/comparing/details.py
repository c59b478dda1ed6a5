"""Detail rows held against the digests that the log has of them."""

from __future__ import annotations

from collections.abc import Sequence

from vault.audit.canonical import CanonicalEntry
from vault.audit.details import is_logged, kept_digests
from vault.audit.entry import Entry
from vault.domain.event import Action
from vault.ports.database import Repositories
from vault.ports.log import StoredRun

TELLING = frozenset({Action.DETAILS_ERASED})
_MOST_ORPHANS = 1000


class DetailComparison:
    """Takes every run of entries in order, after each what it tells of erasures.

    In the end it knows what was changed, and what was erased with an entry and without.

    Memory: a number for every row that is gone and that no later entry told of yet.
    """

    def __init__(self) -> None:
        self.findings: list[str] = []
        self.erased = 0
        self._gone: set[int] = set()

    def compare(self, entries: Sequence[CanonicalEntry | None], run: StoredRun) -> None:
        """Compare entries with their rows; None is one that could not be read."""
        if [entry and entry.detail for entry in entries] == kept_digests(run.salts, run.details):
            return
        rows = zip(run.salts, run.details, strict=True)
        for index, (entry, (salt, row)) in enumerate(zip(entries, rows, strict=True), run.first_index):
            if entry is None:
                continue
            if row is None:
                if entry.detail is not None:
                    self._gone.add(index)
            elif not is_logged(entry.detail, salt, row):
                self.findings.append(f"entry {index}: its detail row was changed")

    def take(self, entry: Entry) -> None:
        """Note an erasure that an entry tells of."""
        if entry.action == Action.DETAILS_ERASED:
            self._take_erasure(entry)

    async def finish(self, rows: Repositories) -> list[str]:
        """Return every finding."""
        silent = [
            f"entry {index}: its detail row is gone, and no entry says that it was erased"
            for index in sorted(self._gone)
        ]
        orphans = [
            f"entry {index}: a detail row is there, but no such entry"
            for index in await rows.events.orphaned_details(_MOST_ORPHANS)
        ]
        return self.findings + silent + orphans

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
