"""Generations of keys held against the log: no rotation is rolled back by a writer to the database."""

from __future__ import annotations

from vault.audit.canonical import Fact
from vault.audit.entry import Entry
from vault.domain.event import Action, Outcome
from vault.domain.staff import Owner
from vault.ports.database import Repositories

_NEW_GENERATION = frozenset({Action.KEYS_ROTATED, Action.STAFF_RECOVERED})
TELLING = frozenset({*_NEW_GENERATION, Action.KEYS_RENEWED})


class KeyComparison:
    """Takes every entry of `TELLING` in order, then compares with the database."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], Fact] = {}
        self._unrenewed: set[tuple[str, str, Fact]] = set()

    def take(self, entry: Entry) -> None:
        """Note whose key has which generation from then on, and whether what lies was renewed to it."""
        if entry.outcome != Outcome.DONE:
            return
        owner, generation = _owner_of(entry), entry.facts.get("generation")
        if entry.action in _NEW_GENERATION:
            self._said[owner] = generation
        if entry.action == Action.KEYS_ROTATED:
            self._unrenewed.add((*owner, generation))
        elif entry.action == Action.KEYS_RENEWED:
            self._unrenewed.discard((*owner, generation))

    async def finish(self, rows: Repositories) -> list[str]:
        """Return every disagreement with the database."""
        findings = []
        for (owner, owner_id), said in self._said.items():
            current = await rows.identities.current(Owner(owner), owner_id)
            there = None if current is None else current.generation
            if there != said:
                findings.append(
                    f"{owner} {owner_id}: its key has generation {said} by the log, {there} in the database"
                )
        return findings + await self._renewals(rows)

    async def _renewals(self, rows: Repositories) -> list[str]:
        """Say which renewals the database has as finished, or as not, against the log."""
        there = {(each.owner, each.owner_id, each.generation) for each in await rows.renewals.unfinished()}
        return [
            f"{owner} {owner_id}: the log and the database disagree on whether generation {generation} is "
            "sealed to everywhere"
            for owner, owner_id, generation in sorted(self._unrenewed ^ there, key=str)
        ]


def _owner_of(entry: Entry) -> tuple[str, str]:
    return str(entry.facts.get("owner")), str(entry.facts.get("of"))
