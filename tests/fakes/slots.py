"""Slots in memory, on several mirrors, any of which can be away."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from keys.errors import SlotDestroyed, SlotsUnavailable
from keys.secret import Secret
from tests.fakes.power import Power
from vault.ports.slots import Reconciled

SLOT_BYTES = 32
_ZERO = bytes(SLOT_BYTES)


@dataclass(slots=True)
class MemorySlots:
    """A dict per mirror. `away` holds the numbers of mirrors that can't be reached; `down` takes all of them.

    With `falls` they go down after the next read. What a mirror missed while it was away it learns by
    `reconcile`, not before.
    """

    mirrors: list[dict[int, bytes]] = field(default_factory=lambda: [{}, {}])
    away: set[int] = field(default_factory=set)
    head: bytes | None = None
    head_size: int = -1
    down: bool = False
    falls: bool = False
    power: Power = field(default_factory=Power)

    def copy(self) -> Self:
        """Return what a snapshot of the disks would hold."""
        mirrors = [dict(mirror) for mirror in self.mirrors]
        return type(self)(mirrors, set(self.away), self.head, self.head_size)

    async def read(self, number: int) -> Secret:
        """Return the slot; raise `SlotDestroyed` when it is zero on any reachable mirror."""
        copies = {mirror[number] for mirror in self._reachable() if number in mirror}
        if _ZERO in copies:
            raise SlotDestroyed(f"slot {number} is destroyed")
        if len(copies) != 1:
            raise SlotsUnavailable(f"slot {number} is on no mirror, or they disagree")
        self.down = self.down or self.falls
        return Secret(copies.pop())

    async def read_many(self, numbers: Iterable[int]) -> Mapping[int, Secret]:
        """Return the living ones."""
        living = {}
        for number in numbers:
            try:
                living[number] = await self.read(number)
            except SlotDestroyed:
                continue
        return living

    async def claimable(self, number: int) -> Secret:
        """Make the slot on every reachable mirror if it is new; return it."""
        made = secrets.token_bytes(SLOT_BYTES)
        if not any(number in mirror for mirror in self._reachable()):
            for mirror in self._reachable():
                mirror[number] = made
        return await self.read(number)

    async def destroy(self, numbers: Iterable[int]) -> bool:
        """Zero on every reachable mirror; say whether that was all of them."""
        wanted = list(numbers)
        self.power.step("before slots.destroy")
        for mirror in self._reachable():
            for number in wanted:
                if number not in mirror:
                    raise SlotsUnavailable(f"slot {number} was never made")
                mirror[number] = _ZERO
        self.power.step("after slots.destroy")
        return not self.away

    async def write_head(self, checkpoint: bytes, size: int) -> None:
        """Keep the head unless a higher one is kept."""
        self._reachable()
        if size >= self.head_size:
            self.head, self.head_size = checkpoint, size

    async def read_head(self) -> bytes | None:
        """Return the highest head kept."""
        self._reachable()
        return self.head

    async def reconcile(self, destroyed: AsyncIterator[Sequence[int]]) -> Reconciled:
        """Let zero on any mirror win on all, zero again what is known as destroyed; count what was alive."""
        known = {number async for batch in destroyed for number in batch}
        together = self._reachable()
        repaired = 0
        for number in set().union(*together):
            copies = [mirror.get(number) for mirror in together]
            wanted = _ZERO if number in known or _ZERO in copies else next(filter(None, copies))
            repaired += any(copy != wanted for copy in copies)
            for mirror in together:
                mirror[number] = wanted
        return Reconciled(repaired)

    async def survivors(self, numbers: Iterable[int]) -> Sequence[int]:
        """Return those that some reachable mirror holds."""
        return sorted({each for each in numbers for mirror in self._reachable() if _lives(mirror, each)})

    def alive(self, number: int) -> bool:
        """Say whether any mirror, reachable or not, still holds the slot."""
        return any(_lives(mirror, number) for mirror in self.mirrors)

    def _reachable(self) -> list[dict[int, bytes]]:
        if self.down or len(self.away) == len(self.mirrors):
            raise SlotsUnavailable("every mirror is away, as the test asked")
        return [mirror for number, mirror in enumerate(self.mirrors) if number not in self.away]


def _lives(mirror: dict[int, bytes], number: int) -> bool:
    return mirror.get(number, _ZERO) != _ZERO
