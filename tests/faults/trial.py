"""One kind of fault, tried again and again: its bounds, and what it brought to light."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.harness.chance import say

PROGRESS_SECONDS = 10.0


class Lost(AssertionError):
    """Something that was acknowledged is not there, or something destroyed is there again."""


class HalfKept(AssertionError):
    """Something is there in part: a row without payload, a payload without end, a shred not finished."""


class CannotTry(Exception):
    """This machine can't do what the trial needs; the message is the reason."""


@dataclass
class Trial:
    """A fault with its goal of `goals`, at most so many turns and seconds, and a tally.

    `unit` says what one turn is. `notes` are facts for the table: how many receipts there were, and so on.
    """

    name: str
    goal: str
    unit: str
    most: int
    seconds: float = 600.0
    tried: int = 0
    lost: list[str] = field(default_factory=list)
    half_kept: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)
    reason: str | None = None
    """Why it could not be tried, if it could not."""
    begun: float = field(default_factory=time.monotonic)
    elapsed: float = 0.0

    @property
    def violations(self) -> Sequence[str]:
        """Everything that must not have been."""
        return [*self.lost, *self.half_kept, *self.found]

    def turns(self) -> Iterator[int]:
        """Count the turns up, until there were enough or the time is over; tell how far it is."""
        told = self.begun
        for turn in range(self.most):
            now = time.monotonic()
            if now - self.begun > self.seconds:
                break
            if now - told > PROGRESS_SECONDS:
                told = now
                say(f"{self.name}: {self.tried} of {self.most} {self.unit}, {len(self.violations)} found")
            yield turn
            self.tried += 1
        self.elapsed = time.monotonic() - self.begun

    def note(self, what: str, count: int = 1) -> None:
        """Add to a fact of the table."""
        self.notes[what] = self.notes.get(what, 0) + count

    @contextmanager
    def watched(self, what: str) -> Iterator[None]:
        """Take down what is found wrong in here, and go on."""
        try:
            yield
        except Lost as wrong:
            self._take_down(self.lost, f"{what}: {wrong}")
        except HalfKept as wrong:
            self._take_down(self.half_kept, f"{what}: {wrong}")
        except AssertionError as wrong:
            self._take_down(self.found, f"{what}: {wrong}")
        except ExceptionGroup as several:
            for each in several.exceptions:
                self._take_down(self.found, f"{what}: {each!r}")

    def _take_down(self, violations: list[str], wrong: str) -> None:
        violations.append(wrong)
        say(f"{self.name}: found: {wrong}")

    def row(self) -> tuple[str, ...]:
        """Return the line of the table."""
        if self.reason is not None:
            return (self.name, self.goal, f"not tried: {self.reason}", "", "", "", "", "")
        counts = (len(self.lost), len(self.half_kept), len(self.found))
        notes = ", ".join(f"{count} {what}" for what, count in self.notes.items())
        return (
            self.name,
            self.goal,
            f"{self.tried} {self.unit}",
            *map(str, counts),
            f"{self.elapsed:.0f} s",
            notes,
        )


def render(trials: Sequence[Trial]) -> str:
    """Return a Markdown table of what was tried, and every violation in full below it."""
    head = ("fault", "goal", "tried", "lost", "half-kept", "found", "time", "seen on the way")
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, ("---",) * len(head))]
    lines += ["| " + " | ".join(trial.row()) + " |" for trial in trials]
    lines += [f"\n{trial.name}: {violation}" for trial in trials for violation in trial.violations]
    return "\n".join(lines)
