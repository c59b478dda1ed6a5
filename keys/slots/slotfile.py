"""The slot file: what makes a revocation stay one.

Slot numbers are dense and come from the database, which never hands one out twice. All zero means
destroyed. Calls block on disks and locks: run them on worker threads. Threads and processes may
share the folders freely.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_SH
from pathlib import Path

from keys.errors import SlotDestroyed, SlotsUnavailable
from keys.secret import Secret
from keys.slots.folder import Folder
from keys.slots.head import MAX_HEAD_BYTES, Head, newest, put_head, read_head, write_head
from keys.slots.layout import (
    SLOTS_PER_SEGMENT,
    ZERO_SEGMENT,
    ZERO_SLOT,
    Inventory,
    by_segment,
    segment_of,
    slot_in,
)
from keys.slots.mirror import Mirror, admit, claim, finish, lay_out
from keys.slots.mirrors import Mirrors
from keys.slots.repair import Repair, is_empty, make_up_to, repair_all

_MAX_LOG_SIZE = 2**63 - 1  # C2SP tlog-checkpoint counts in signed 64 bits


@dataclass(frozen=True, slots=True)
class Destruction:
    """How a destruction went: complete only when every configured mirror was overwritten."""

    complete: bool
    unreachable: tuple[Path, ...]


class SlotFile:
    """Slots in a folder, mirrored in others; made by `create` or `open`.

    A mirror that fails while another still works is away from then on, listed in `away`, until
    `reconcile` has brought it up to date. Every method raises `SlotsUnavailable` when no mirror works.
    """

    def __init__(self, mirrors: Mirrors) -> None:
        self._mirrors = mirrors
        self._ensured_segments = 0

    @classmethod
    def create(cls, paths: Sequence[Path], *, vault_id: str, allow_unsafe: bool = False) -> SlotFile:
        """Make the folders of a new vault, 0700; what a crash left half-made is finished.

        Raises `SlotsUnsafe` for a folder with something else in it, or on a file system that can't
        overwrite in place, unless `allow_unsafe`.
        """
        for path in paths:
            _prepare(path, vault_id=vault_id, allow_unsafe=allow_unsafe)
        for path in paths:
            finish(path)
        return cls.open(paths, vault_id=vault_id, allow_unsafe=allow_unsafe)

    @classmethod
    def open(cls, paths: Sequence[Path], *, vault_id: str, allow_unsafe: bool = False) -> SlotFile:
        """Open the folders of a vault; one that is missing or unreadable is away.

        Raises `SlotsUnsafe` for another vault's folder, one that holds no slots, the same mirror
        twice, or an unsafe file system; `SlotsUnavailable` when every mirror is away.
        """
        return cls(Mirrors(paths, vault_id=vault_id, allow_unsafe=allow_unsafe))

    @property
    def paths(self) -> tuple[Path, ...]:
        """The configured mirrors."""
        return self._mirrors.paths

    @property
    def away(self) -> Mapping[Path, str]:
        """The mirrors not in use, each with the reason."""
        return self._mirrors.away

    @property
    def next_unused(self) -> int:
        """The first number whose segment was never made, for a log that restarts after a loss."""
        with self._mirrors.opened() as together:
            inventory = Inventory.together(together.each(Folder.inventory).values())
        return inventory.made * SLOTS_PER_SEGMENT

    def add_mirror(self, path: Path) -> None:
        """Fill a new folder with every slot and use it from here on; other processes must reopen.

        Cut short, it may be called again. Raises `SlotsUnsafe` as `create` does.
        """
        mirror = _prepare(path, vault_id=self._mirrors.vault_id, allow_unsafe=self._mirrors.allow_unsafe)
        self._mirrors.require_new(mirror)
        self._repair({**self._mirrors.look_again(), path: mirror}, added=path)

    def ensure(self, number: int) -> None:
        """Make the segments up to that number's exist, alike and durable on every reachable mirror.

        Raises `SlotsUnavailable` when its segment was made before and is lost: fresh bytes would
        pass for it.
        """
        wanted = segment_of(number)
        if wanted < self._ensured_segments:
            return
        with self._mirrors.opened(LOCK_EX) as together:
            make_up_to(together, wanted, start=self._ensured_segments)
        self._ensured_segments = max(self._ensured_segments, wanted + 1)

    def read(self, number: int) -> Secret:
        """Return a slot.

        Raises `SlotDestroyed` when it is zero on any reachable mirror, `SlotsUnavailable` when its
        segment is on none of them or they disagree.
        """
        living = self.read_many([number])
        if number not in living:
            raise SlotDestroyed(f"slot {number} is destroyed")
        return living[number]

    def read_many(self, numbers: Iterable[int]) -> dict[int, Secret]:
        """Return the living ones among these slots; raise `SlotsUnavailable` as `read`, for any of them."""
        living: dict[int, Secret] = {}
        with self._mirrors.opened() as together:
            for segment, slots in by_segment(numbers).items():
                found = together.each(Folder.read_slots, segment, slots).values()
                for slot, *copies in zip(slots, *found, strict=True):
                    number = segment * SLOTS_PER_SEGMENT + slot
                    if (agreed := _agreed(number, copies)) != ZERO_SLOT:
                        living[number] = Secret(agreed)
        return living

    def destroy(self, numbers: Iterable[int]) -> Destruction:
        """Overwrite slots with zeros on every mirror, durably, and read them back.

        Idempotent. If it is not complete, call `reconcile` and this again once the mirrors are back.
        Raises `SlotsUnavailable`, after destroying the others, for a number never made.
        """
        wanted = by_segment(numbers)
        with self._mirrors.opened(LOCK_SH) as together:
            # A copy left half-way by a crash may hold these slots too.
            together.each(Folder.wipe_incoming)
            known = together.each(Folder.zero, wanted)
        if unknown := wanted.keys() - set().union(*known.values()):
            raise SlotsUnavailable(f"slot segment {min(unknown)} is on no mirror that can be reached")
        unreachable = tuple(path for path in self.paths if path not in known)
        return Destruction(complete=not unreachable, unreachable=unreachable)

    def reconcile(self) -> Repair:
        """Bring all mirrors that are there to the same state, and use those that came back.

        Zero on any mirror wins on all; segments one lacks are copied. Call it at start, and when a
        mirror may be back. Nobody else makes or destroys slots meanwhile.
        """
        return self._repair(self._mirrors.look_again())

    def zero_again(self, destroyed: Iterable[int]) -> int:
        """Destroy what the database knows as destroyed; return how many were alive on some mirror.

        Undoes the return of an older copy. A million numbers take about a second.
        """
        alive = 0
        with self._mirrors.opened(LOCK_SH) as together:
            together.each(Folder.wipe_incoming)
            for segment, slots in by_segment(destroyed).items():
                found = together.each(Folder.zero_alive, segment, slots)
                alive += len(set().union(*found.values()))
        return alive

    def survivors(self, numbers: Iterable[int]) -> tuple[int, ...]:
        """Return those of the numbers that some reachable mirror still holds, ascending; change nothing.

        Any numbers may be asked for: one that was never made, or is none, lives on no mirror.
        """
        found: list[int] = []
        with self._mirrors.opened(LOCK_SH) as together:
            for segment, slots in by_segment(each for each in numbers if each >= 0).items():
                copies = together.each(Folder.read_segment, segment).values()
                kept = [copy for copy in copies if copy is not None and copy != ZERO_SEGMENT]
                living = {slot for copy in kept for slot in slots if slot_in(copy, slot) != ZERO_SLOT}
                found += (segment * SLOTS_PER_SEGMENT + slot for slot in living)
        return tuple(sorted(found))

    def drop_empty_segments(self) -> int:
        """Unlink wholly destroyed segments, never the newest; return how many."""
        with self._mirrors.opened(LOCK_EX) as together:
            inventory = Inventory.together(together.each(Folder.inventory).values())
            empty = [
                segment
                for segment in sorted(inventory.segments - {inventory.made - 1})
                if is_empty(together.each(Folder.read_segment, segment).values())
            ]
            together.each(Folder.bury, empty)
        return len(empty)

    def write_head(self, data: bytes, size: int) -> None:
        """Keep the log's signed head, durably, on every reachable mirror; a lower size is let go.

        `data` is at most `MAX_HEAD_BYTES` long. One `fdatasync` per mirror.
        """
        _require_head(data, size)
        with self._mirrors.opened() as together:
            together.each(write_head, data, size)

    def restart_head(self, data: bytes, size: int) -> None:
        """Keep the head of a log begun anew after an accepted loss, whatever size was kept before."""
        _require_head(data, size)
        with self._mirrors.opened(LOCK_EX) as together:
            current = newest(together.each(read_head).values())
            together.each(put_head, Head(current.era + 1 if current else 0, size, data))

    def read_head(self) -> bytes | None:
        """Return the highest signed head of all reachable mirrors, None before the first."""
        with self._mirrors.opened() as together:
            head = newest(together.each(read_head).values())
        return head.data if head else None

    def lost_segments(self) -> tuple[int, ...]:
        """Return the segments that were made and are on no mirror: what lay under them can't be opened."""
        with self._mirrors.opened() as together:
            return Inventory.together(together.each(Folder.inventory).values()).lost

    def _repair(self, mirrors: Mapping[Path, Mirror], *, added: Path | None = None) -> Repair:
        away = set(self.away)
        with self._mirrors.opened(LOCK_EX, mirrors) as together:
            tally, inventory = repair_all(together)
            if added is not None:
                if added not in together.paths:
                    raise SlotsUnavailable(f"the new mirror {added} failed while it was filled")
                finish(added)
            self._mirrors.settle({path: mirrors[path] for path in together.paths})
        return Repair(
            returned=tuple(path for path in together.paths if path in away),
            slots_zeroed=tally.zeroed,
            segments_copied=tally.copied,
            segments_lost=inventory.lost,
            slots_disputed=tuple(tally.disputed),
        )


def _prepare(path: Path, *, vault_id: str, allow_unsafe: bool) -> Mirror:
    """Claim a folder and make what every mirror has; it is no mirror before `finish`."""
    try:
        claim(path, vault_id=vault_id, allow_unsafe=allow_unsafe)
        mirror = admit(path, vault_id=vault_id, allow_unsafe=allow_unsafe, unfinished=True)
        with mirror.opened(LOCK_EX) as folder:
            lay_out(folder)
    except OSError as error:
        raise SlotsUnavailable(f"slots can't be kept at {path}: {error.strerror}") from error
    return mirror


def _agreed(number: int, copies: Iterable[bytes | None]) -> bytes:
    """Return what a slot holds on the mirrors that have it: zeros, where one of them has zeros."""
    there = {copy for copy in copies if copy is not None}
    if ZERO_SLOT in there:
        return ZERO_SLOT
    if not there:
        raise SlotsUnavailable(f"slot {number} is on no mirror that can be reached")
    if len(there) > 1:
        raise SlotsUnavailable(f"the mirrors disagree on slot {number}")
    return there.pop()


def _require_head(data: bytes, size: int) -> None:
    if len(data) > MAX_HEAD_BYTES:
        raise ValueError(f"a head is at most {MAX_HEAD_BYTES} bytes long")
    if not 0 <= size <= _MAX_LOG_SIZE:
        raise ValueError("a log's size is neither negative nor beyond 63 bits")
