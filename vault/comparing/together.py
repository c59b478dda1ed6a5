"""Every comparison at once, in one pass through the log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vault.audit.entry import Entry
from vault.audit.verify import LogVerifier
from vault.comparing import details, grants, holds, identities, keys, parties, recordings
from vault.comparing.columns import ColumnComparison
from vault.comparing.slots import compare_slots
from vault.ports.database import Repositories
from vault.ports.log import StoredRun
from vault.ports.vault import Vault

_TELLING = details.TELLING.union(
    grants.TELLING,
    holds.TELLING,
    identities.TELLING,
    keys.TELLING,
    parties.TELLING,
    recordings.TELLING,
)
"""What an entry is about if it says anything of the database; most entries don't."""


class _Comparison(Protocol):
    def take(self, entry: Entry) -> None: ...


class Comparisons:
    """Take every run of entries in order (`feed`, then `take`), then `finish`."""

    def __init__(self) -> None:
        self._columns = ColumnComparison()
        self._details = details.DetailComparison()
        self._keys = keys.KeyComparison()
        self._holds = holds.HoldComparison()
        self._parties = parties.PartyComparison()
        self._grants = grants.GrantComparison()
        self._identities = identities.IdentityComparison()
        self._recordings = recordings.RecordingComparison()
        self._others: Sequence[_Comparison] = (
            self._details,
            self._parties,
            self._keys,
            self._holds,
            self._grants,
            self._identities,
        )

    @property
    def erased(self) -> int:
        """How many detail rows were erased on record."""
        return self._details.erased

    def feed(self, log: LogVerifier, run: StoredRun) -> list[Entry]:
        """Take a run; return those of its entries that tell of changes, and stand where they say.

        The log's verifier has it first. Blocks as long as hashing and comparing a run takes.
        """
        read = log.feed_run(run.first_index, run.records)
        self._columns.compare(read, run)
        self._details.compare(read, run)
        told = [
            Entry.of(each)
            for place, each in enumerate(read, run.first_index)
            if each is not None
            and (each.action in _TELLING or grants.TELLING_FACT in each.facts)
            and each.index == place < log.size
        ]
        for entry in told:
            for comparison in self._others:
                comparison.take(entry)
        return told

    async def take(self, rows: Repositories, told: Sequence[Entry], size: int) -> None:
        """Compare the recordings that these entries tell of; `size` is that of the log as it was fed."""
        await self._recordings.take(rows, told, size)

    async def finish(self, vault: Vault, rows: Repositories) -> list[str]:
        """Return every disagreement of the database with the log, or with the slots."""
        found = [*self._columns.finish(), *await self._keys.finish(rows), *self._holds.findings]
        found += [*await self._details.finish(rows), *await self._parties.finish(vault, rows)]
        found += [*await self._grants.finish(vault, rows), *await self._identities.finish(vault, rows)]
        return [*found, *await self._recordings.finish(vault, rows), *await compare_slots(vault, rows)]
