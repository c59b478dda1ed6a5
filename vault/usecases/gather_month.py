"""What the log says of one month, counted entry by entry; what is held grows with people, not with entries.

Only the seconds from upload to collection are kept for each recording, eight bytes a piece, for the median.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from vault.audit.entry import Entry
from vault.domain.event import Action, Outcome
from vault.domain.month import Month

_OPENING = {Action.RECORDING_OPENED, Action.RECORDING_EXPORTED}
_CUSTOMER = "customer:"
_STAFF = "staff:"
CAUSES = ("collection", "instruction", "hold released", "other")


@dataclass(slots=True)
class PersonFigures:
    """What one member of the staff did. `role` is that of the last entry that tells one."""

    role: str = ""
    opened: int = 0
    exported: int = 0
    refused: int = 0


@dataclass(slots=True)
class MonthFigures:
    """Counts of a month. A list has a number for each day.

    openings    by role of the staff: openings and exports
    people      by actor id
    customers   openings of their own recordings, by customer id
    refusals    of recordings and of passwords
    stopped     guesses that were turned away before they cost anything
    grants      by actor id of the manager: what became of grants to that person
    destroyed   by cause; `destroyed_bytes` likewise
    waits       seconds from upload to the receipt
    """

    month: Month
    entries: int = 0
    actions: Counter[str] = field(default_factory=Counter)
    openings: dict[str, list[int]] = field(default_factory=dict)
    people: defaultdict[str, PersonFigures] = field(default_factory=lambda: defaultdict(PersonFigures))
    customers: Counter[str] = field(default_factory=Counter)
    refusals: dict[str, list[int]] = field(default_factory=dict)
    why: Counter[tuple[str, str]] = field(default_factory=Counter)
    stopped: int = 0
    grants: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    destroyed: dict[str, list[int]] = field(default_factory=dict)
    destroyed_bytes: Counter[str] = field(default_factory=Counter)
    waits: array[float] = field(default_factory=lambda: array("d"))
    _ends: dict[str, str] = field(default_factory=dict)

    def take(self, entry: Entry) -> None:
        """Count one entry."""
        self.entries += 1
        self.actions[entry.action] += 1
        if entry.outcome == Outcome.REFUSED:
            self._refused(entry)
        elif entry.action in _OPENING:
            self._opened(entry)
        elif entry.action.startswith("grant.") and entry.action != Action.GRANT_LISTED:
            self._granted(entry)
        elif cause := cause_of(entry):
            self._ends[str(entry.recording)] = cause

    def unexplained(self, entries: Iterable[Entry]) -> list[str]:
        """Return the recordings among those shredded here whose end was put on record before this month."""
        shredded = [str(each.recording) for each in entries if each.action == Action.RECORDING_SHREDDED]
        return [recording for recording in shredded if recording not in self._ends]

    def explain(self, recording: str, cause: str) -> None:
        """Take what `unexplained` asked for."""
        self._ends[recording] = cause

    def shredded(self, entry: Entry) -> None:
        """Count a destruction, whose cause is known by now."""
        cause = self._ends.pop(str(entry.recording), CAUSES[-1])
        self._at(self.destroyed, cause, entry.time)
        self.destroyed_bytes[cause] += _number(entry, "bytes")

    def collected(self, seconds: float) -> None:
        """Take how long a recording waited for its customer."""
        self.waits.append(seconds)

    def _opened(self, entry: Entry) -> None:
        if entry.actor.startswith(_CUSTOMER):
            self.customers[entry.actor.removeprefix(_CUSTOMER)] += 1
            return
        person = self.people[entry.actor]
        person.role = str(entry.facts.get("role") or person.role)
        if entry.action == Action.RECORDING_EXPORTED:
            person.exported += 1
        else:
            person.opened += 1
        self._at(self.openings, person.role, entry.time)

    def _refused(self, entry: Entry) -> None:
        if "bucket" in entry.facts:  # a summary: its checked tries may be entries already
            self.stopped += _number(entry, "stopped")
            return
        kind = "password" if entry.action == Action.PASSWORD_REFUSED else "recording"
        self._at(self.refusals, kind, entry.time)
        self.why[kind, str(entry.facts.get("why") or "password")] += 1
        if entry.actor.startswith(_STAFF):
            person = self.people[entry.actor]
            person.role = str(entry.facts.get("role") or person.role)
            person.refused += 1

    def _granted(self, entry: Entry) -> None:
        manager = entry.facts.get("manager")
        actor = f"{_STAFF}{manager}" if manager else entry.actor
        self.grants[actor][entry.action.partition(".")[2]] += 1

    def _at(self, series: dict[str, list[int]], name: str, time: datetime) -> None:
        days = series.setdefault(name, [0] * self.month.days)
        days[time.day - 1] += 1


def cause_of(entry: Entry) -> str | None:
    """Return why a recording ends, for the entry that is its point of no return; None for every other."""
    if entry.recording is None or entry.outcome != Outcome.DONE:
        return None
    match entry.action:
        case Action.RECORDING_COLLECTED if "kept" not in entry.facts:
            return CAUSES[0]
        case Action.SHRED_INSTRUCTED:
            return CAUSES[1]
        case Action.HOLD_RELEASED if entry.facts.get("collected") is True:
            return CAUSES[2]
    return None


def _number(entry: Entry, name: str) -> int:
    value = entry.facts.get(name)
    return value if isinstance(value, int) else 0
