"""Holds and regimes held against the ends of recordings, by the log alone: nothing ends that one keeps.

Who writes to the database can take a hold off for a moment and put it back, or have collection destroy what
its customer instructed to keep; the entries tell what ended then.
"""

from __future__ import annotations

from collections import defaultdict

from vault.audit.canonical import Fact
from vault.audit.entry import Entry
from vault.domain.event import Action, Outcome
from vault.sealing.endings import ends

TELLING = frozenset(
    {
        Action.RECORDING_COLLECTED,
        Action.SHRED_INSTRUCTED,
        Action.HOLD_PLACED,
        Action.HOLD_RELEASED,
        Action.CUSTOMER_CHANGED,
    }
)


class HoldComparison:
    """Takes every entry of `TELLING` in order.

    Memory: an id for every hold in force, and for every customer whose recordings collection keeps.
    """

    def __init__(self) -> None:
        self.findings: list[str] = []
        self._held: defaultdict[str, set[Fact]] = defaultdict(set)
        self._keeping: set[Fact] = set()

    def take(self, entry: Entry) -> None:
        """Note a hold, its release, or a regime; report what ended while one stood."""
        if entry.action == Action.CUSTOMER_CHANGED:
            self._take_regime(entry)
        if entry.recording is None or entry.outcome != Outcome.DONE:
            return
        if entry.action == Action.HOLD_PLACED:
            self._held[entry.recording].add(entry.facts.get("hold"))
            return
        if entry.action == Action.HOLD_RELEASED:
            self._released(entry.recording, entry.facts.get("hold"))
        if not ends(entry):
            return
        ended = f"recording {entry.recording}: entry {entry.index} ended it"
        if entry.recording in self._held:
            self.findings.append(f"{ended} while a legal hold stood")
        elif entry.action != Action.SHRED_INSTRUCTED and entry.facts.get("customer") in self._keeping:
            self.findings.append(f"{ended}, although its customer instructed that collection keeps it")

    def _take_regime(self, entry: Entry) -> None:
        customer, deletes = entry.facts.get("customer"), entry.facts.get("delete_on_collection")
        if entry.outcome == Outcome.DONE and deletes is not None:
            (self._keeping.discard if deletes else self._keeping.add)(customer)

    def _released(self, recording: str, hold: Fact) -> None:
        self._held[recording].discard(hold)
        if not self._held[recording]:
            del self._held[recording]
