"""Inclusion and consistency proofs, against published vectors and a plain recursive reference."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vault.audit.proof import (
    consistency_nodes,
    consistency_proof,
    inclusion_nodes,
    inclusion_proof,
    root_nodes,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from vault.audit.tree import EMPTY_ROOT, Node, leaf_hash, node_hash
from vault.errors import ProofInvalid

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
# Abbreviated hashes of the paths that Certificate Transparency's implementations share.
CT_INCLUSION = {
    (0, 1): [],
    (0, 8): ["96a296d2", "5f083f0a", "6b47aaf2"],
    (5, 8): ["bc1a0643", "ca854ea1", "d37ee418"],
    (2, 3): ["fac54203"],
    (1, 5): ["6e340b9c", "5f083f0a", "bc1a0643"],
}
CT_CONSISTENCY = {
    (1, 1): [],
    (1, 8): ["96a296d2", "5f083f0a", "6b47aaf2"],
    (6, 8): ["0ebc5d34", "ca854ea1", "d37ee418"],
    (2, 5): ["5f083f0a", "bc1a0643"],
}
LARGEST = 300


@cache
def reference(start: int, end: int) -> bytes:
    """Compute MTH(D[start:end]) as RFC 6962, 2.1 words it, for entries named by their number."""
    if start == end:
        return EMPTY_ROOT
    if end - start == 1:
        return leaf_hash(str(start).encode())
    middle = start + split(end - start)
    return node_hash(reference(start, middle), reference(middle, end))


def split(size: int) -> int:
    """Return the largest power of two below `size`."""
    k = 1
    while k * 2 < size:
        k *= 2
    return k


def reference_path(index: int, start: int, end: int) -> list[bytes]:
    """Compute PATH(index, D[start:end]) as RFC 6962, 2.1.1 words it."""
    if end - start <= 1:
        return []
    k = split(end - start)
    if index < k:
        return [*reference_path(index, start, start + k), reference(start + k, end)]
    return [*reference_path(index - k, start + k, end), reference(start, start + k)]


def reference_subproof(m: int, start: int, end: int, *, known: bool) -> list[bytes]:
    """Compute SUBPROOF(m, D[start:end], b) as RFC 6962, 2.1.2 words it."""
    if m == end - start:
        return [] if known else [reference(start, end)]
    k = split(end - start)
    if m <= k:
        return [*reference_subproof(m, start, start + k, known=known), reference(start + k, end)]
    return [*reference_subproof(m - k, start + k, end, known=False), reference(start, start + k)]


class Nodes(dict[Node, bytes]):
    """Every complete subtree of the reference tree, computed when asked for."""

    def __missing__(self, node: Node) -> bytes:
        return reference(node.index << node.level, (node.index + 1) << node.level)


def read(nodes: list[Node]) -> dict[Node, bytes]:
    """Return only what was named, so that a plan that names too little is found out."""
    return {node: Nodes()[node] for node in nodes}


def ct_hashes(nodes: list[Node]) -> dict[Node, bytes]:
    """Compute the named subtrees of the eight known leaves."""

    def value(node: Node) -> bytes:
        if node.level == 0:
            return leaf_hash(CT_LEAVES[node.index])
        left = Node(node.level - 1, node.index * 2)
        return node_hash(value(left), value(Node(left.level, left.index + 1)))

    return {node: value(node) for node in nodes}


@pytest.mark.parametrize(("index", "size"), CT_INCLUSION)
def test_known_inclusion_proofs(index: int, size: int) -> None:
    """Certificate Transparency's published audit paths come out as published."""
    proof = inclusion_proof(index, size, ct_hashes(inclusion_nodes(index, size)))

    assert [each.hex()[:8] for each in proof] == CT_INCLUSION[index, size]


@pytest.mark.parametrize(("old", "new"), CT_CONSISTENCY)
def test_known_consistency_proofs(old: int, new: int) -> None:
    """Certificate Transparency's published consistency proofs come out as published."""
    proof = consistency_proof(old, new, ct_hashes(consistency_nodes(old, new)))

    assert [each.hex()[:8] for each in proof] == CT_CONSISTENCY[old, new]


def test_every_inclusion_proof() -> None:
    """Each entry of each tree up to 300 entries, across the tile border, is proven as RFC 6962 says."""
    for size in range(1, LARGEST + 1):
        root = reference(0, size)
        for index in range(size):
            proof = inclusion_proof(index, size, Nodes())
            verify_inclusion(reference(index, index + 1), index, size, root, proof)
            if size % 16 == 5 or size in (255, 256, 257):
                assert list(proof) == reference_path(index, 0, size)


def test_every_consistency_proof() -> None:
    """Each pair of sizes up to 300, across the tile border, is proven as RFC 6962 says."""
    for new in range(LARGEST + 1):
        for old in range(new + 1):
            proof = consistency_proof(old, new, Nodes())
            verify_consistency(old, reference(0, old), new, reference(0, new), proof)
            if old and (new % 16 == 5 or new in (255, 256, 257)):
                assert list(proof) == reference_subproof(old, 0, new, known=True)


@settings(deadline=None)
@given(st.data())
def test_plans_name_all_that_is_needed(data: st.DataObject) -> None:
    """Proofs and roots are built from the named subtrees alone, and these are complete ones of that tree."""
    size = data.draw(st.integers(1, 5000))
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size))
    plans = [inclusion_nodes(index, size), consistency_nodes(old, size), root_nodes(old)]

    proof = inclusion_proof(index, size, read(plans[0]))
    steps = consistency_proof(old, size, read(plans[1]))
    old_root = root_of(old, read(plans[2]))

    verify_inclusion(reference(index, index + 1), index, size, reference(0, size), proof)
    verify_consistency(old, old_root, size, reference(0, size), steps)
    assert all((node.index + 1) << node.level <= size for plan in plans for node in plan)


def mutations(proof: tuple[bytes, ...]) -> Iterator[list[bytes]]:
    """Change a proof in every small way: bits, order, too few, too many, cut hashes."""
    for place, value in enumerate(proof):
        rest = proof[:place], proof[place + 1 :]
        for bit in (0, 100, 255):
            flipped = (int.from_bytes(value, "big") ^ (1 << bit)).to_bytes(32, "big")
            yield [*rest[0], flipped, *rest[1]]
        yield [*rest[0], *rest[1]]
        yield [*rest[0], value, value, *rest[1]]
        yield [*rest[0], value[:-1], *rest[1]]
        yield [*rest[0], value + b"\x00", *rest[1]]
        if rest[1] and rest[1][0] != value:
            yield [*rest[0], rest[1][0], value, *rest[1][1:]]
    yield [*proof, EMPTY_ROOT]
    yield [EMPTY_ROOT, *proof]


@pytest.mark.parametrize("size", [*range(1, 20), 255, 256, 257])
def test_no_changed_inclusion_proof_holds(size: int) -> None:
    """Every mutation of a proof, its leaf, its index or its root is refused."""
    root = reference(0, size)
    for index in {*range(min(size, 20)), size - 1}:
        leaf, proof = reference(index, index + 1), inclusion_proof(index, size, Nodes())
        for changed in mutations(proof):
            with pytest.raises(ProofInvalid):
                verify_inclusion(leaf, index, size, root, changed)
        for other in {-1, *range(min(size, 20)), size - 1, size} - {index}:
            with pytest.raises(ProofInvalid):
                verify_inclusion(leaf, other, size, root, proof)
        for wrong_leaf, wrong_root in [
            (EMPTY_ROOT, root),
            (leaf, EMPTY_ROOT),
            (leaf[:-1], root),
            (leaf, b""),
        ]:
            with pytest.raises(ProofInvalid):
                verify_inclusion(wrong_leaf, index, size, wrong_root, proof)


@pytest.mark.parametrize("new", [*range(1, 20), 255, 256, 257])
def test_no_changed_consistency_proof_holds(new: int) -> None:
    """Every mutation of a proof or of either root is refused."""
    new_root = reference(0, new)
    for old in {*range(min(new, 20)), new - 1, new}:
        old_root, proof = reference(0, old), consistency_proof(old, new, Nodes())
        for changed in mutations(proof):
            with pytest.raises(ProofInvalid):
                verify_consistency(old, old_root, new, new_root, changed)
        with pytest.raises(ProofInvalid):
            verify_consistency(old, leaf_hash(b"other"), new, new_root, proof)
        if old:
            with pytest.raises(ProofInvalid):
                verify_consistency(old, old_root, new, leaf_hash(b"other"), proof)


def test_a_proof_holds_for_no_tree_of_another_height() -> None:
    """A true path is refused where the stated size asks for a longer or a shorter one."""
    pair, three = reference(0, 2), reference(0, 3)
    leaf = [reference(index, index + 1) for index in range(3)]
    step, proof = leaf[0], consistency_proof(3, 4, Nodes())

    for size in (1, 5, 100):
        with pytest.raises(ProofInvalid):
            verify_inclusion(leaf[1], 0, size, pair, [leaf[0]])
        with pytest.raises(ProofInvalid):
            verify_inclusion(leaf[0], 0, size, pair, [leaf[1]])
    for new in (5, 8, 100):
        with pytest.raises(ProofInvalid):
            verify_consistency(2, pair, new, three, [leaf[2]])
    with pytest.raises(ProofInvalid):
        verify_consistency(3, node_hash(step, three), 4, node_hash(step, reference(0, 4)), [*proof, step])


def test_a_shorter_log_is_no_continuation() -> None:
    """A log that is shorter than the kept checkpoint is never consistent with it."""
    with pytest.raises(ProofInvalid):
        verify_consistency(5, reference(0, 5), 4, reference(0, 4), ())


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 1), (7, 3)])
def test_no_plan_beyond_the_log(index: int, size: int) -> None:
    """Nobody can ask for the proof of an entry that the tree does not have."""
    with pytest.raises(ValueError, match="is not in a log"):
        inclusion_nodes(index, size)


@pytest.mark.parametrize(("old", "new"), [(1, 0), (-1, 5), (6, 5)])
def test_no_plan_backwards(old: int, new: int) -> None:
    """Nobody can ask for consistency with a tree that is yet to come."""
    with pytest.raises(ValueError, match="was never"):
        consistency_nodes(old, new)
