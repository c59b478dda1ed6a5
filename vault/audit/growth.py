"""A tree that is recomputed leaf by leaf, with its full tiles on the way.

`Frontier` grows a log from value to value; this grows in place, for millions of leaves in a row, a whole tile
at a time where it can. A leaf may be unknown: whatever lies above it is unknown then, and everything else is
still computed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vault.audit.tiles import TILE_HEIGHT, TILE_WIDTH, Tile
from vault.audit.tree import Frontier, node_hash, perfect_root

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

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Add leaf hashes in order; the same as appending each, but faster."""
        begun = min(-self.size % TILE_WIDTH, len(leaves))
        whole = begun + (len(leaves) - begun) // TILE_WIDTH * TILE_WIDTH
        for leaf in leaves[:begun]:
            self.append(leaf)
        for start in range(begun, whole, TILE_WIDTH):
            hashes = leaves[start : start + TILE_WIDTH]
            self._hand_up(0, list(hashes), perfect_root(hashes))
            self.size += TILE_WIDTH
        for leaf in leaves[whole:]:
            self.append(leaf)

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
        """Begin a level's next tile and hand up the one that is full."""
        full = self._levels[level]
        self._levels[level] = _OpenTile()
        self._hand_up(level, full.hashes, full.row[0])

    def _hand_up(self, level: int, hashes: Hashes, root: bytes | None) -> None:
        """Hand out a full tile, and carry its root to the level above."""
        self._on_tile(Tile(level, self.size >> TILE_HEIGHT * (level + 1)), hashes)
        if level + 1 == len(self._levels):
            self._levels.append(_OpenTile())
        if self._levels[level + 1].append(root):
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
