"""Generations of keys held against the log: no rotation is rolled back by a writer to the database."""

from __future__ import annotations

from vault.audit.canonical import Fact
from vault.audit.entry import Entry
from vault.domain.event import Action, Outcome
from vault.domain.staff import Owner
from vault.ports.database import Repositories

_NEW_GENERATION = frozenset({Action.KEYS_ROTATED, Action.STAFF_RECOVERED})


class KeyComparison:
    """Takes every entry in order, then compares with the database."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], Fact] = {}

    def take(self, entry: Entry) -> None:
        """Note what an entry says of whose key has which generation from then on."""
        if entry.action in _NEW_GENERATION and entry.outcome == Outcome.DONE:
            owner = (str(entry.facts.get("owner")), str(entry.facts.get("of")))
            self._said[owner] = entry.facts.get("generation")

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
        return findings
