"""Bringing mirrors to the same state: zero on any of them wins, and what one lacks is copied."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from keys.errors import SlotsUnavailable
from keys.slots.folder import Folder
from keys.slots.head import newest, put_head, read_head
from keys.slots.layout import (
    SEGMENT_BYTES,
    SLOTS_PER_SEGMENT,
    ZERO_SEGMENT,
    ZERO_SLOT,
    Inventory,
    slot_in,
)
from keys.slots.mirrors import Together


@dataclass(frozen=True, slots=True)
class Repair:
    """What reconciling found and did."""

    returned: tuple[Path, ...]
    """Mirrors that were away and are in use again."""
    slots_zeroed: int
    """Slots that were still alive on a mirror although another had them destroyed."""
    segments_copied: int
    """Segments a mirror lacked; one for each copy."""
    segments_lost: tuple[int, ...]
    """Segments that were made and are on no mirror: what lay under them can't be opened."""
    slots_disputed: tuple[int, ...]
    """Slot numbers that are alive with different bytes; they are left alone and can't be read."""


@dataclass(slots=True)
class Tally:
    """Counts while a repair goes on."""

    zeroed: int = 0
    copied: int = 0
    disputed: list[int] = field(default_factory=list)


def repair_all(together: Together) -> tuple[Tally, Inventory]:
    """Repair everything; the exclusive lock must be held."""
    together.each(Folder.wipe_incoming)
    inventory = Inventory.together(together.each(Folder.inventory).values())
    tally = Tally()
    for segment in sorted(inventory.gone):
        _bury_again(together, segment, tally)
    for segment in sorted(inventory.segments - inventory.gone):
        merge_segment(together, segment, tally)
    together.each(Folder.record_made, inventory.made)
    if head := newest(together.each(read_head).values()):
        together.each(put_head, head)
    together.each(Folder.sync)
    return tally, inventory


def make_up_to(together: Together, wanted: int, *, start: int) -> None:
    """Make the segments from `start` to `wanted` be on every mirror; the exclusive lock is held.

    Raises `SlotsUnavailable` when the wanted one was made before and is lost.
    """
    inventories = together.each(Folder.inventory)
    every = Inventory.together(inventories.values())
    for segment in range(start, wanted + 1):
        if segment in every.segments - every.gone:
            if any(segment not in one.segments for one in inventories.values()):
                merge_segment(together, segment, Tally())
        elif segment >= every.made:
            together.each(Folder.make_segment, segment, os.urandom(SEGMENT_BYTES))
        elif segment == wanted and segment not in every.gone:
            raise SlotsUnavailable(f"slot segment {segment} was made before and is on no mirror now")
    # A maker may have died between linking a segment and syncing its name.
    together.each(Folder.sync)


def merge_segment(together: Together, segment: int, tally: Tally) -> None:
    """Bring one segment to the same content on every mirror."""
    found = together.each(Folder.read_segment, segment)
    present = {path: content for path, content in found.items() if content is not None}
    if not present or (len(present) == len(found) and len(set(present.values())) == 1):
        return
    merged, disputed = _merge(list(present.values()))
    tally.disputed += (segment * SLOTS_PER_SEGMENT + slot for slot in disputed)
    for path, content in found.items():
        if content is None:
            together.on([path], Folder.make_segment, segment, merged)
            tally.copied += 1
            continue
        behind = [s for s in _slots_of(merged, ZERO_SLOT) if slot_in(content, s) != ZERO_SLOT]
        if behind:
            together.on([path], Folder.zero_slots, segment, behind)
            tally.zeroed += len(behind)


def _bury_again(together: Together, segment: int, tally: Tally) -> None:
    for path, content in together.each(Folder.read_segment, segment).items():
        if content is not None:
            alive = together.on([path], Folder.zero_alive, segment, range(SLOTS_PER_SEGMENT))
            tally.zeroed += sum(map(len, alive.values()))
        if content is not None or not together.on([path], Folder.is_gone, segment).get(path):
            together.on([path], Folder.bury, [segment])


def is_empty(contents: Iterable[bytes | None]) -> bool:
    """Whether every copy of a segment is wholly destroyed."""
    return all(content is None or content == ZERO_SEGMENT for content in contents)


def _merge(contents: list[bytes]) -> tuple[bytes, list[int]]:
    """Return the segment with every zero of every copy, and the slots they do not agree on."""
    if len(set(contents)) == 1:
        return contents[0], []
    merged, disputed = bytearray(), []
    for slot in range(SLOTS_PER_SEGMENT):
        copies = {slot_in(content, slot) for content in contents}
        if ZERO_SLOT in copies:
            merged += ZERO_SLOT
            continue
        merged += slot_in(contents[0], slot)
        if len(copies) > 1:
            disputed.append(slot)
    return bytes(merged), disputed


def _slots_of(content: bytes, value: bytes) -> list[int]:
    return [slot for slot in range(SLOTS_PER_SEGMENT) if slot_in(content, slot) == value]
