"""Tiles and entry bundles, as C2SP tlog-tiles cuts and names them."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vault.audit.bundle import decode_bundle, encode_bundle
from vault.audit.growth import GrowingTree
from vault.audit.tiles import (
    TILE_BYTES,
    TILE_WIDTH,
    Tile,
    bundle_path,
    place_of,
    tile_root,
    tiles_completed,
    tiles_of,
)
from vault.audit.tree import Frontier, Node, leaf_hash, node_hash, perfect_root
from vault.errors import LogCorrupt


@cache
def subtree(level: int, index: int) -> bytes:
    """Compute a complete subtree over entries named by their number."""
    if level == 0:
        return leaf_hash(str(index).encode())
    return node_hash(subtree(level - 1, index * 2), subtree(level - 1, index * 2 + 1))


def tile_bytes(tile: Tile, width: int = TILE_WIDTH) -> bytes:
    """Compute a tile by the formula of tlog-tiles."""
    first = tile.index * TILE_WIDTH
    return b"".join(subtree(8 * tile.level, first + i) for i in range(width))


@pytest.mark.parametrize(
    ("tile", "width", "path"),
    [
        (Tile(0, 0), 256, "tile/0/000"),
        (Tile(0, 999), 256, "tile/0/999"),
        (Tile(0, 1000), 256, "tile/0/x001/000"),
        (Tile(1, 1_234_067), 256, "tile/1/x001/x234/067"),
        (Tile(0, 273), 112, "tile/0/273.p/112"),
        (Tile(0, 273), 255, "tile/0/273.p/255"),
        (Tile(2, 5_000_000_001), 1, "tile/2/x005/x000/x000/001.p/1"),
    ],
)
def test_paths_of_tiles(tile: Tile, width: int, path: str) -> None:
    """A tile lies where tlog-tiles says, partial ones with their width."""
    assert tile.path(width) == path


def test_paths_of_bundles() -> None:
    """A bundle's path has `entries` where a tile's has its level."""
    assert bundle_path(1_234_067) == "tile/entries/x001/x234/067"
    assert bundle_path(3, 7) == "tile/entries/003.p/7"


def test_the_example_of_the_specification() -> None:
    """Trees of 70,000 and of 256 entries have the tiles that tlog-tiles counts for them."""
    tiles = list(tiles_of(70_000))

    assert sum(tile.level == 0 and width == 256 for tile, width in tiles) == 273
    assert [each for each in tiles if each[0].level or each[1] < 256] == [
        (Tile(0, 273), 112),
        (Tile(1, 0), 256),
        (Tile(1, 1), 17),
        (Tile(2, 0), 1),
    ]
    assert list(tiles_of(256)) == [(Tile(0, 0), 256), (Tile(1, 0), 1)]
    assert list(tiles_of(0)) == []


@settings(deadline=None)
@given(st.integers(0, 200_000), st.integers(0, 70_000))
def test_completed_tiles_are_the_new_full_ones(old: int, growth: int) -> None:
    """What becomes full between two sizes is exactly what is full after and was not before."""
    before = {tile for tile, width in tiles_of(old) if width == TILE_WIDTH}
    after = {tile for tile, width in tiles_of(old + growth) if width == TILE_WIDTH}

    completed = list(tiles_completed(old, old + growth))

    assert len(completed) == len(set(completed))
    assert set(completed) == after - before
    assert [tile.level for tile in completed] == sorted(tile.level for tile in completed)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (255, 256, [Tile(0, 0)]),
        (256, 257, []),
        (65_535, 65_536, [Tile(0, 255), Tile(1, 0)]),
        (0, 0, []),
        (250, 600, [Tile(0, 0), Tile(0, 1)]),
    ],
)
def test_tile_borders(old: int, new: int, expected: list[Tile]) -> None:
    """A tile is complete with its 256th hash, not one sooner or later, on every level at once."""
    assert list(tiles_completed(old, new)) == expected


@settings(deadline=None)
@given(st.integers(0, 20), st.integers(0, 3))
def test_nodes_come_out_of_their_tiles(level: int, index: int) -> None:
    """Any subtree can be computed from the tile that its place names."""
    if level > 12:
        index = 0
    node = Node(level, index)

    place = place_of(node)

    if level < 13:
        enough = tile_bytes(place.tile, place.start + place.width)
        assert place.root(enough) == subtree(level, index)
        with pytest.raises(LogCorrupt):
            place.root(enough[:-1])
    assert place.tile.start_index <= index << level
    assert (index + 1) << level <= place.tile.end_index
    assert place.start + place.width <= TILE_WIDTH


def test_a_hash_of_a_higher_tile_is_the_root_of_one_below() -> None:
    """Where a higher tile is not full yet, its hashes are found as roots of full tiles below."""
    place = place_of(Node(9, 1))  # entries 512 to 1023: tiles 2 and 3

    below = [Tile(0, index) for index in range(place.start, place.start + place.width)]

    assert below == [Tile(0, 2), Tile(0, 3)]
    assert [tile_root(tile_bytes(tile)) for tile in below] == [subtree(8, 2), subtree(8, 3)]
    assert perfect_root([tile_root(tile_bytes(tile)) for tile in below]) == subtree(9, 1)


@pytest.mark.parametrize("length", [0, 32, TILE_BYTES - 32, TILE_BYTES - 1, TILE_BYTES + 32])
def test_only_a_full_tile_has_a_root(length: int) -> None:
    """A partial or damaged tile is never hashed into the level above."""
    with pytest.raises(LogCorrupt):
        tile_root(bytes(length))


def test_growing_hands_out_every_tile() -> None:
    """A tree grown leaf by leaf hands out exactly the completed tiles, with the hashes of the formula."""
    seen: dict[Tile, bytes] = {}
    tree = GrowingTree(lambda tile, hashes: seen.update({tile: b"".join(each or b"" for each in hashes)}))

    for index in range(65_600):
        tree.append(subtree(0, index))

    assert set(seen) == set(tiles_completed(0, 65_600))
    assert seen[Tile(0, 255)] == tile_bytes(Tile(0, 255))
    assert seen[Tile(1, 0)] == tile_bytes(Tile(1, 0))
    assert tree.frontier() == Frontier().extend(subtree(0, index) for index in range(65_600))


def test_an_unknown_leaf_makes_only_what_lies_above_unknown() -> None:
    """After an unknown leaf there is no root, but later tiles still come out whole."""
    seen: dict[Tile, list[bytes | None]] = {}
    tree = GrowingTree(seen.__setitem__)

    for index in range(512):
        tree.append(None if index == 3 else subtree(0, index))

    assert tree.root() is None
    assert tree.frontier() is None
    assert [position for position, each in enumerate(seen[Tile(0, 0)]) if each is None] == [3]
    assert None not in seen[Tile(0, 1)]


@settings(deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=TILE_WIDTH))
def test_bundles_come_back(entries: list[bytes]) -> None:
    """A bundle gives back its entries, empty ones too."""
    assert decode_bundle(encode_bundle(entries)) == entries


def test_bundle_layout() -> None:
    """An entry stands behind its length in two bytes, the higher one first."""
    assert encode_bundle([b"ab", b"", b"c" * 258]) == b"\x00\x02ab\x00\x00\x01\x02" + b"c" * 258


def test_damaged_bundles_are_refused() -> None:
    """A bundle that is cut anywhere, or too wide, is not read; an entry too long is not written."""
    data = encode_bundle([b"first", b"second"])

    for cut in set(range(1, len(data))) - {7}:
        with pytest.raises(LogCorrupt):
            decode_bundle(data[:cut])
    with pytest.raises(LogCorrupt):
        decode_bundle(bytes(2 * 257))
    with pytest.raises(LogCorrupt):
        encode_bundle([bytes(65_536)])
    assert decode_bundle(encode_bundle([bytes(65_535)])) == [bytes(65_535)]
