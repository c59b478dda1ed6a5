"""Tiles: the tree's hashes cut into immutable pieces of 256.

C2SP tlog-tiles. Tile level *l* holds the roots of complete subtrees of 256^l entries; a full tile is itself a
subtree of height 8, and its root is one hash of a tile a level higher.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vault.audit.tree import HASH_BYTES, Node, perfect_root, split_hashes
from vault.errors import LogCorrupt

TILE_HEIGHT = 8  # C2SP tlog-tiles fixes it
TILE_WIDTH = 1 << TILE_HEIGHT
TILE_BYTES = TILE_WIDTH * HASH_BYTES
MAX_LEVEL = 63  # C2SP tlog-tiles


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """The coordinates of a tile: its level, and its index within the level.

    Raises `LogCorrupt` for a level that no tile can have: what it spans is computed by powers of it.
    """

    level: int
    index: int

    def __post_init__(self) -> None:
        if not 0 <= self.level <= MAX_LEVEL:
            raise LogCorrupt(f"no log has a tile {self.level}/{self.index}")

    @property
    def start_index(self) -> int:
        """The first entry that the tile spans (C2SP tlog-tiles, "Merkle Tree")."""
        return self.index << TILE_HEIGHT * (self.level + 1)

    @property
    def end_index(self) -> int:
        """The first entry that the full tile no longer spans."""
        return (self.index + 1) << TILE_HEIGHT * (self.level + 1)

    def path(self, width: int = TILE_WIDTH) -> str:
        """Return where the tile is served, under the log's prefix; `width` counts hashes."""
        return f"tile/{self.level}/{index_path(self.index, width)}"


def bundle_path(index: int, width: int = TILE_WIDTH) -> str:
    """Return where an entry bundle is served, under the log's prefix; `width` counts entries."""
    return f"tile/entries/{index_path(index, width)}"


def index_path(index: int, width: int) -> str:
    """Encode a tile index in groups of three digits, with `.p/W` for a partial one (C2SP tlog-tiles)."""
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:  # noqa: PLR2004 - three digits, as said above
        index //= 1000
        groups.append(f"x{index % 1000:03d}")
    suffix = "" if width == TILE_WIDTH else f".p/{width}"
    return "/".join(reversed(groups)) + suffix


def tiles_of(size: int) -> Iterator[tuple[Tile, int]]:
    """Name every tile of a tree of `size` entries with its width in hashes, lower levels first.

    The rightmost of a level may be partial; an empty one is not named (C2SP tlog-tiles, "Partial Tiles").
    """
    level, hashes = 0, size
    while hashes:
        for index in range(hashes >> TILE_HEIGHT):
            yield Tile(level, index), TILE_WIDTH
        if partial := hashes % TILE_WIDTH:
            yield Tile(level, hashes >> TILE_HEIGHT), partial
        level, hashes = level + 1, hashes >> TILE_HEIGHT


def tiles_completed(old_size: int, new_size: int) -> Iterator[Tile]:
    """Name the tiles that become full when the log grows between two sizes, lower levels first."""
    level, old, new = 0, old_size >> TILE_HEIGHT, new_size >> TILE_HEIGHT
    while new > old:
        for index in range(old, new):
            yield Tile(level, index)
        level, old, new = level + 1, old >> TILE_HEIGHT, new >> TILE_HEIGHT


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node lies: it is the root above `width` hashes of `tile` from position `start` on."""

    tile: Tile
    start: int
    width: int

    def root(self, tile_hashes: bytes) -> bytes:
        """Compute the node from a full or partial tile's hashes; raise `LogCorrupt` when they are too few."""
        wanted = tile_hashes[self.start * HASH_BYTES : (self.start + self.width) * HASH_BYTES]
        if len(wanted) != self.width * HASH_BYTES:
            raise LogCorrupt(f"tile {self.tile.level}/{self.tile.index} is shorter than the log's size asks")
        return perfect_root(list(split_hashes(wanted)))


def place_of(node: Node) -> Place:
    """Say in which tile, and where in it, a complete subtree lies."""
    level, height = divmod(node.level, TILE_HEIGHT)
    first = node.index << height
    return Place(Tile(level, first >> TILE_HEIGHT), first % TILE_WIDTH, 1 << height)


def tile_root(tile_hashes: bytes) -> bytes:
    """Return the root of a full tile's 8,192 bytes; raise `LogCorrupt` for another length."""
    if len(tile_hashes) != TILE_BYTES:
        raise LogCorrupt(f"a full tile has {TILE_BYTES} bytes")
    return perfect_root(list(split_hashes(tile_hashes)))
