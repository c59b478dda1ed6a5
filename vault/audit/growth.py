"""A tree that is recomputed leaf by leaf, with its full tiles on the way.

`Frontier` grows a log from value to value; this grows in place, for millions of leaves in a row. A leaf may
be unknown: whatever lies above it is unknown then, and everything else is still computed.
"""

from __future__ import annotations

from collections.abc import Callable

from vault.audit.tiles import TILE_HEIGHT, TILE_WIDTH, Tile
from vault.audit.tree import Frontier, node_hash

Hashes = list[bytes | None]


class GrowingTree:
    """A tree that begins empty. `on_tile` gets each tile that becomes full, with its 256 hashes."""

    __slots__ = ("_levels", "_on_tile", "size")

    def __init__(self, on_tile: Callable[[Tile, Hashes], None]) -> None:
        self.size = 0
        self._on_tile = on_tile
        self._levels: list[_OpenTile] = [_OpenTile()]

    def append(self, leaf: bytes | None) -> None:
        """Add a leaf hash, or None for one that is unknown."""
        if self._levels[0].append(leaf):
            self._close_tile(0)
        self.size += 1

    def root(self) -> bytes | None:
        """Return the root, or None when a leaf was unknown."""
        frontier = self.frontier()
        return None if frontier is None else frontier.root()

    def frontier(self) -> Frontier | None:
        """Return the right edge, or None when a leaf was unknown."""
        row = [each for level in reversed(self._levels) for each in level.row]
        known = tuple(each for each in row if each is not None)
        return Frontier(self.size, known) if len(known) == len(row) else None

    def _close_tile(self, level: int) -> None:
        """Hand out a level's full tile, begin the next, and carry its root to the level above."""
        full = self._levels[level]
        self._levels[level] = _OpenTile()
        self._on_tile(Tile(level, self.size >> TILE_HEIGHT * (level + 1)), full.hashes)
        if level + 1 == len(self._levels):
            self._levels.append(_OpenTile())
        if self._levels[level + 1].append(full.row[0]):
            self._close_tile(level + 1)


class _OpenTile:
    """The rightmost tile of a level: its hashes so far, and the roots of the complete subtrees over them."""

    __slots__ = ("hashes", "row")

    def __init__(self) -> None:
        self.hashes: Hashes = []
        self.row: Hashes = []

    def append(self, value: bytes | None) -> bool:
        """Add a hash; say whether the tile is full."""
        row, joined, remaining = self.row, value, len(self.hashes)
        while remaining & 1:
            left = row.pop()
            joined = None if left is None or joined is None else node_hash(left, joined)
            remaining >>= 1
        row.append(joined)
        self.hashes.append(value)
        return len(self.hashes) == TILE_WIDTH
