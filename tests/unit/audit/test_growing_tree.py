"""A tree that grows in place is the tree of RFC 6962, whether it grows by leaves or by whole tiles."""

from __future__ import annotations

from hashlib import sha256
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from vault.audit.growth import GrowingTree, Hashes
from vault.audit.tiles import TILE_WIDTH, Tile, tiles_of
from vault.audit.tree import Frontier

LEAVES = [sha256(b"%d" % index).digest() for index in range(3 * TILE_WIDTH + 40)]


class Kept(GrowingTree):
    """A tree that keeps its tiles."""

    def __init__(self) -> None:
        self.tiles: dict[Tile, Hashes] = {}
        super().__init__(self.tiles.__setitem__)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, len(LEAVES)), max_size=5).map(sorted))
@example([])
@example([256, 512])
@example([255, 257, 513])
def test_a_tree_grows_alike_by_any_steps(cuts: list[int]) -> None:
    """Leaves added together give the tiles and the right edge of leaves added one by one."""
    tree = Kept()
    for start, stop in pairwise([0, *cuts, len(LEAVES)]):
        tree.extend(LEAVES[start:stop])

    assert tree.size == len(LEAVES)
    assert tree.frontier() == Frontier().extend(LEAVES)
    full = [tile for tile, width in tiles_of(len(LEAVES)) if width == TILE_WIDTH]
    assert tree.tiles == {tile: LEAVES[tile.start_index : tile.end_index] for tile in full}


@settings(max_examples=30, deadline=None)
@given(st.integers(0, len(LEAVES) - 1))
def test_an_unknown_leaf_is_unknown_above(unknown: int) -> None:
    """What lies above an unknown leaf is unknown, and tiles beside it are known, however the rest comes."""
    tree = Kept()
    tree.extend(LEAVES[:unknown])
    tree.append(None)
    tree.extend(LEAVES[unknown + 1 :])

    assert (tree.size, tree.frontier(), tree.root()) == (len(LEAVES), None, None)
    known = {tile: None not in hashes for tile, hashes in tree.tiles.items()}
    assert known == {Tile(0, index): index != unknown // TILE_WIDTH for index in range(3)}


def test_a_higher_tile_fills_by_whole_tiles() -> None:
    """The first tile of level 1 holds the roots of 256 tiles, each added at once."""
    tree = Kept()
    for _ in range(TILE_WIDTH):
        tree.extend(LEAVES[:TILE_WIDTH])

    root = Frontier().extend(LEAVES[:TILE_WIDTH]).root()
    assert tree.tiles[Tile(1, 0)] == [root] * TILE_WIDTH
    assert tree.size == TILE_WIDTH * TILE_WIDTH
