"""How slots lie in a mirror's folder: names, sizes, and which segment holds a number.

    mirror              marker: whose slots these are, and which mirror this is
    mirror.new          the same while the mirror is being filled
    made                how many segments were ever made here
    head                two records of the log's highest signed size (`head`)
    00000000.slots      a segment: 4096 slots of 32 bytes
    00000000.gone       its tombstone once it was wholly destroyed and unlinked
    incoming            a segment being written; anything found there later is left from a crash

A segment that was made and is neither there nor gone is lost. It is never made again.
"""

from __future__ import annotations

import re
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

SLOT_BYTES = 32
SLOTS_PER_SEGMENT = 4096
SEGMENT_BYTES = SLOT_BYTES * SLOTS_PER_SEGMENT

ZERO_SLOT = bytes(SLOT_BYTES)
ZERO_SEGMENT = bytes(SEGMENT_BYTES)

_NAME = re.compile(r"([0-9]{8,})\.(slots|gone)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a mirror says it holds: segments present, segments gone, and how many were ever made."""

    segments: frozenset[int]
    gone: frozenset[int]
    made: int

    @classmethod
    def from_names(cls, names: Iterable[str], *, made: int) -> Inventory:
        """Sort a folder's names; `made` is the count kept beside them."""
        found: dict[str, set[int]] = {"slots": set(), "gone": set()}
        for name in names:
            if match := _NAME.fullmatch(name):
                found[match[2]].add(int(match[1]))
        seen = max(found["slots"] | found["gone"], default=-1) + 1
        return cls(frozenset(found["slots"]), frozenset(found["gone"]), max(made, seen))

    @classmethod
    def together(cls, inventories: Iterable[Inventory]) -> Inventory:
        """Join what several mirrors say: one that knows is enough."""
        every = tuple(inventories)
        return cls(
            segments=frozenset().union(*(one.segments for one in every)),
            gone=frozenset().union(*(one.gone for one in every)),
            made=max((one.made for one in every), default=0),
        )

    @property
    def lost(self) -> tuple[int, ...]:
        """Segments that were made, are not gone, and are nowhere."""
        return tuple(s for s in range(self.made) if s not in self.segments and s not in self.gone)


def segment_of(number: int) -> int:
    """Return the segment that holds a slot number; raise `ValueError` for a negative one."""
    if number < 0:
        raise ValueError("a slot number is not negative")
    return number // SLOTS_PER_SEGMENT


def by_segment(numbers: Iterable[int]) -> Mapping[int, Sequence[int]]:
    """Group slot numbers: segment → slots within it. Two bytes a number, so millions fit."""
    grouped: defaultdict[int, array[int]] = defaultdict(lambda: array("H"))
    for number in numbers:
        segment, slot = divmod(number, SLOTS_PER_SEGMENT)
        grouped[segment].append(slot)
    if grouped and min(grouped) < 0:
        raise ValueError("a slot number is not negative")
    return grouped


def runs(slots: Iterable[int]) -> list[tuple[int, int]]:
    """Join neighbouring slots: (first, how many), in order."""
    joined: list[tuple[int, int]] = []
    first = end = -1
    for slot in sorted(set(slots)):
        if slot != end:
            joined.append((first, end - first))
            first = slot
        end = slot + 1
    return [*joined[1:], (first, end - first)] if end > 0 else []


def slot_in(content: bytes, slot: int) -> bytes:
    """Return one slot of a segment's content."""
    return content[slot * SLOT_BYTES : (slot + 1) * SLOT_BYTES]


def segment_name(segment: int) -> str:
    """Return the file name of a segment."""
    return f"{segment:08d}.slots"


def gone_name(segment: int) -> str:
    """Return the file name of a segment's tombstone."""
    return f"{segment:08d}.gone"
