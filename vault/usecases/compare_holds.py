"""Holds held against the ends of recordings, by the log alone: nothing ends while a hold stands.

Who writes to the database can take a hold off for a moment and put it back; the entries tell what ended then.
"""

from __future__ import annotations

from collections import defaultdict

from vault.audit.canonical import Fact
from vault.audit.entry import Entry
from vault.domain.event import Action, Outcome

_ENDS = {Action.RECORDING_COLLECTED, Action.SHRED_INSTRUCTED}


class HoldComparison:
    """Takes every entry in order. Memory: an id for every hold in force."""

    def __init__(self) -> None:
        self.findings: list[str] = []
        self._held: defaultdict[str, set[Fact]] = defaultdict(set)

    def take(self, entry: Entry) -> None:
        """Note a hold, or its release; report what ended while one stood."""
        if entry.recording is None or entry.outcome != Outcome.DONE:
            return
        if entry.action == Action.HOLD_PLACED:
            self._held[entry.recording].add(entry.facts.get("hold"))
            return
        if entry.action == Action.HOLD_RELEASED:
            self._released(entry.recording, entry.facts.get("hold"))
        if _ends(entry) and entry.recording in self._held:
            self.findings.append(
                f"recording {entry.recording}: entry {entry.index} ended it while a legal hold stood"
            )

    def _released(self, recording: str, hold: Fact) -> None:
        self._held[recording].discard(hold)
        if not self._held[recording]:
            del self._held[recording]


def _ends(entry: Entry) -> bool:
    if entry.action == Action.HOLD_RELEASED:
        return entry.facts.get("collected") is True
    return entry.action in _ENDS and "kept" not in entry.facts
