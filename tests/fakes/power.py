"""Power that a test can cut: fakes ask for it before and after whatever becomes durable."""

from __future__ import annotations

from dataclasses import dataclass, field


class PowerCut(BaseException):
    """The process is gone. No handler of the vault's own may swallow it."""


@dataclass(slots=True)
class Power:
    """Counts durable steps; `cut_at=n` ends the process at the n-th, 0 being the first.

    A step comes before and after each durable effect, so a cut falls on either side of it. Once cut, there is
    no power until `restore`.
    """

    cut_at: int | None = None
    steps: list[str] = field(default_factory=list)

    def step(self, name: str) -> None:
        """Pass, or raise `PowerCut`."""
        if self.cut_at is not None and len(self.steps) >= self.cut_at:
            raise PowerCut(f"at {name}, step {len(self.steps)}")
        self.steps.append(name)

    def restore(self) -> None:
        """Begin anew, with power."""
        self.cut_at = None
        self.steps.clear()
