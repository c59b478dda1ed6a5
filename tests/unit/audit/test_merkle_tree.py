"""The Merkle tree's hashes and its right edge, against RFC 6962 and a plain recursive reference."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vault.audit.tree import (
    EMPTY_ROOT,
    Frontier,
    Node,
    complete_subtrees,
    fold,
    leaf_hash,
    node_hash,
    perfect_root,
)
from vault.errors import LogCorrupt

# The eight leaves and their roots that Certificate Transparency's implementations share.
CT_LEAVES = [
    bytes.fromhex(each)
    for each in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def reference_root(leaves: list[bytes]) -> bytes:
    """Compute MTH exactly as RFC 6962, 2.1 words it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + reference_root(leaves[:k]) + reference_root(leaves[k:])).digest()


def leaves_of(count: int) -> list[bytes]:
    """Return so many different leaf hashes."""
    return [leaf_hash(str(number).encode()) for number in range(count)]


@pytest.mark.parametrize("size", range(9))
def test_known_roots(size: int) -> None:
    """Certificate Transparency's test tree has its published roots at every size."""
    frontier = Frontier().extend(leaf_hash(each) for each in CT_LEAVES[:size])

    assert frontier.root().hex() == CT_ROOTS[size]


def test_leaf_and_node_are_told_apart() -> None:
    """A node's two hashes, offered as an entry, do not give the node's hash."""
    left, right = leaf_hash(b"a"), leaf_hash(b"b")

    assert leaf_hash(left + right) != node_hash(left, right)
    assert leaf_hash(b"\x01" + left + right) != node_hash(left, right)


@settings(deadline=None)
@given(st.integers(0, 400))
def test_root_is_the_recursive_one(size: int) -> None:
    """At any size the right edge gives the root of RFC 6962's recursive definition."""
    leaves = leaves_of(size)

    assert Frontier().extend(leaves).root() == reference_root(leaves)


@settings(deadline=None)
@given(st.integers(0, 300), st.integers(0, 300))
def test_growing_in_steps_changes_nothing(first: int, second: int) -> None:
    """Appending one by one, in batches or across encode and decode ends at the same right edge."""
    leaves = leaves_of(first + second)
    at_once = Frontier().extend(leaves)

    in_batches = Frontier.decode(Frontier().extend(leaves[:first]).encode()).extend(leaves[first:])
    one_by_one = Frontier()
    for leaf in leaves:
        one_by_one = one_by_one.append(leaf)

    assert in_batches == one_by_one == at_once


def test_border_of_two_tile_levels() -> None:
    """Around 65,536 entries, where two levels of tiles fill up at once, the root stays the recursive one."""
    leaves = leaves_of(65_537)
    whole = perfect_root(leaves[:65_536])
    before = Frontier().extend(leaves[:65_535])
    at = before.append(leaves[65_535])

    assert before.root() == reference_root(leaves[:65_535])
    assert at.hashes == (whole,)
    assert at.append(leaves[65_536]).root() == node_hash(whole, leaves[65_536])


@pytest.mark.parametrize(
    ("size", "hashes"),
    [
        (1, ()),
        (3, (EMPTY_ROOT,)),
        (4, (EMPTY_ROOT, EMPTY_ROOT)),
        (1, (EMPTY_ROOT[:-1],)),
        (3, (EMPTY_ROOT + b"x", EMPTY_ROOT[:-1])),
        (-1, (EMPTY_ROOT,)),
        (1 << 63, (EMPTY_ROOT,)),
    ],
)
def test_impossible_edges_are_refused(size: int, hashes: tuple[bytes, ...]) -> None:
    """Hashes that can't belong to a tree of that size never become a right edge."""
    with pytest.raises(LogCorrupt):
        Frontier(size, hashes)


def test_damaged_edge_bytes_are_refused() -> None:
    """A stored right edge that lost or gained bytes, or whose size changed, is not read."""
    data = Frontier().extend(leaves_of(5)).encode()
    damaged = [data[:cut] for cut in range(len(data))]
    damaged += [data + b"x", data + EMPTY_ROOT, (6 + 1).to_bytes(8, "big") + data[8:]]

    for each in damaged:
        with pytest.raises(LogCorrupt):
            Frontier.decode(each)


@settings(deadline=None)
@given(st.integers(0, 12), st.integers(0, 1000), st.integers(0, 4096))
def test_ranges_split_into_complete_subtrees(level: int, index: int, length: int) -> None:
    """The named subtrees follow each other without gap, get smaller, and cover the range."""
    start, length = index << level, min(length, 1 << level)

    nodes = complete_subtrees(start, start + length)

    position = start
    for node in nodes:
        assert node.index << node.level == position
        position += 1 << node.level
    assert position == start + length
    assert [node.level for node in nodes] == sorted({node.level for node in nodes}, reverse=True)


def test_empty_row_folds_to_the_empty_root() -> None:
    """A tree of nothing has the hash of nothing as its root."""
    assert fold([]) == EMPTY_ROOT == Frontier().root()
    assert complete_subtrees(7, 7) == []
    assert complete_subtrees(6, 7) == [Node(0, 6)]
