"""The log recomputed offline from its entries, as `audit verify` does.

Nothing is believed: each entry is decoded strictly, the tree is grown from the entries alone, and what was
kept (full tiles, the right edge, signed checkpoints) is compared with it. What is wrong is collected, so that
one damaged entry doesn't hide the next.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import count

from vault.audit.canonical import CanonicalEntry, read_canonical, read_canonical_run
from vault.audit.checkpoint import Checkpoint
from vault.audit.entry import time_text
from vault.audit.growth import GrowingTree, Hashes
from vault.audit.tiles import TILE_BYTES, Tile
from vault.audit.tree import Frontier, leaf_hash, leaf_hashes, split_hashes
from vault.errors import LogCorrupt

# A gap this long is no lost row: the index itself was forged, and filling it would take for ever.
_MAX_GAP = 1 << 20
_MAX_FINDINGS = 10_000  # a log that is wrong throughout must not fill the memory; the rest is counted
_EARLIEST = datetime.min.replace(tzinfo=UTC)


class FindingKind(StrEnum):
    """What can be wrong with a log."""

    MISSING = "missing"  # entries were left out
    ORDER = "order"  # an entry came twice, or after a later one
    MALFORMED = "malformed"  # an entry is not what a log can hold
    INDEX = "index"  # an entry says another index than its own
    TIME = "time"  # time went back
    TILE = "tile"  # a kept tile differs from the entries, or is missing
    CHECKPOINT = "checkpoint"  # a signed root differs from the entries
    TRUNCATED = "truncated"  # the log is shorter than what was signed
    FRONTIER = "frontier"  # the kept right edge differs from the entries
    MORE = "more"  # there is more than is listed


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `index` is the entry where it shows, or the size of the tree that differs."""

    kind: FindingKind
    index: int
    message: str


class LogVerifier:
    """Recomputes a log from entry 0. Feed it every entry in order, then `finish`.

    `checkpoints` are verified ones (`open_checkpoint`) by size. One instance serves one log, once.
    """

    def __init__(self, checkpoints: Mapping[int, Checkpoint] | None = None) -> None:
        self._checkpoints = dict(checkpoints or {})
        self._signed_sizes = sorted(self._checkpoints)
        self._tree = GrowingTree(self._tile_is_full)
        self._kept_tiles: dict[Tile, bytes | None] = {}
        self._findings: list[Finding] = []
        self._last_time = _EARLIEST
        self._unlisted = 0
        self._given_up = False
        self._compare_checkpoint()

    @property
    def size(self) -> int:
        """How many entries the log has had so far, missing ones included."""
        return self._tree.size

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found so far."""
        return tuple(self._findings)

    def expect_tile(self, tile: Tile, kept: bytes | None) -> None:
        """Give a full tile as it is kept (None if it is not), before the entry that completes it is fed."""
        self._kept_tiles[tile] = kept

    def feed(self, index: int, data: bytes) -> None:
        """Take the bytes of the entry that is kept under `index`."""
        self._take(index, data, None)

    def feed_run(self, first_index: int, run: Sequence[bytes]) -> Sequence[CanonicalEntry | None]:
        """Take entries that are kept under consecutive indexes; the same as feeding each, but faster.

        Returns each as it was read, so that nobody reads it again; None for one that can't be.
        """
        read = _read_run(run)
        entries = [entry for entry in read if entry is not None]
        if len(entries) == len(run) and self._continue(first_index, entries):
            self._grow(leaf_hashes(run))
        else:
            for index, data, entry in zip(count(first_index), run, read, strict=False):
                self._take(index, data, entry)
        return read

    def finish(self, kept: Frontier | None = None) -> tuple[Finding, ...]:
        """Compare the end of the log with the right edge as it is kept, if given; return all findings."""
        if not self._given_up:
            self._compare_end(kept)
        if self._unlisted:
            more = Finding(FindingKind.MORE, self.size, f"and {self._unlisted} more findings")
            return (*self.findings, more)
        return self.findings

    def frontier(self) -> Frontier | None:
        """Return the recomputed right edge, or None when entries are missing."""
        return self._tree.frontier()

    def _continue(self, first_index: int, entries: Sequence[CanonicalEntry]) -> bool:
        """Say whether each entry of a run stands in its place and time, as nearly all do; go on from it."""
        times = [self._last_time, *[entry.time for entry in entries]]
        places = range(first_index, first_index + len(entries))
        if first_index != self._tree.size or [entry.index for entry in entries] != list(places):
            return False
        if times != sorted(times):
            return False
        self._last_time = times[-1]
        return True

    def _grow(self, leaves: Sequence[bytes]) -> None:
        """Add leaf hashes, and look at each checkpoint on the way."""
        start, done = self._tree.size, 0
        first, last = (bisect_right(self._signed_sizes, size) for size in (start, start + len(leaves)))
        for size in self._signed_sizes[first:last]:
            self._tree.extend(leaves[done : size - start])
            self._compare_checkpoint()
            done = size - start
        self._tree.extend(leaves[done:])

    def _take(self, index: int, data: bytes, entry: CanonicalEntry | None) -> None:
        if index != self._tree.size and not self._bridge_gap(index):
            return
        entry = entry or self._read(index, data)
        if entry is not None:
            if entry.index != index or entry.time < self._last_time:
                self._report_place(index, entry)
            self._last_time = entry.time
        self._tree.append(leaf_hash(data))
        if index + 1 in self._checkpoints:
            self._compare_checkpoint()

    def _bridge_gap(self, index: int) -> bool:
        """Report an entry out of place; say whether it can be taken nevertheless."""
        size = self._tree.size
        if self._given_up:
            return False
        if index < size:
            self._report(FindingKind.ORDER, index, "the entry came again, or after a later one")
            return False
        self._report(FindingKind.MISSING, size, f"{index - size} entries are missing before entry {index}")
        if index - size > _MAX_GAP:
            self._given_up = True
            return False
        for _ in range(index - size):
            self._tree.append(None)
        return True

    def _read(self, index: int, data: bytes) -> CanonicalEntry | None:
        try:
            return read_canonical(data)
        except LogCorrupt as error:
            self._report(FindingKind.MALFORMED, index, str(error))
            return None

    def _report_place(self, index: int, entry: CanonicalEntry) -> None:
        if entry.index != index:
            self._report(FindingKind.INDEX, index, f"the entry says that it is entry {entry.index}")
        if entry.time < self._last_time:
            self._report(FindingKind.TIME, index, f"time went back from {time_text(self._last_time)}")

    def _compare_checkpoint(self) -> None:
        size, root = self._tree.size, self._tree.root()
        checkpoint = self._checkpoints.get(size)
        if checkpoint is not None and root not in (None, checkpoint.root):
            self._report(FindingKind.CHECKPOINT, size, "the signed root is not that of the entries")

    def _compare_end(self, kept: Frontier | None) -> None:
        for size in self._signed_sizes:
            if size > self.size:
                self._report(FindingKind.TRUNCATED, self.size, f"a checkpoint of {size} entries was signed")
        for tile in sorted(self._kept_tiles):
            self._report(
                FindingKind.TILE, tile.start_index, f"{tile.path()} is kept, but the log does not fill it"
            )
        if kept is not None and self._tree.frontier() not in (None, kept):
            self._report(FindingKind.FRONTIER, self.size, "the kept right edge is not that of the entries")

    def _tile_is_full(self, tile: Tile, computed: Hashes) -> None:
        if tile not in self._kept_tiles:
            return
        kept = self._kept_tiles.pop(tile)
        if kept is None or len(kept) != TILE_BYTES:
            self._report(FindingKind.TILE, tile.start_index, f"{tile.path()} is missing or cut short")
            return
        if computed == list(split_hashes(kept)):
            return
        span = (tile.end_index - tile.start_index) // len(computed)
        for position, (ours, theirs) in enumerate(zip(computed, split_hashes(kept), strict=True)):
            if ours not in (None, theirs):
                self._report(
                    FindingKind.TILE,
                    tile.start_index + position * span,
                    f"{tile.path()} differs from the entries at hash {position}",
                )

    def _report(self, kind: FindingKind, index: int, message: str) -> None:
        if len(self._findings) < _MAX_FINDINGS:
            self._findings.append(Finding(kind, index, message))
        else:
            self._unlisted += 1


def _read_run(run: Sequence[bytes]) -> Sequence[CanonicalEntry | None]:
    """Read a run at once, or one at a time where that fails."""
    try:
        return read_canonical_run(run)
    except LogCorrupt:
        return [_read_or_none(data) for data in run]


def _read_or_none(data: bytes) -> CanonicalEntry | None:
    try:
        return read_canonical(data)
    except LogCorrupt:
        return None
