"""Proofs about the tree: an entry is in it; an older tree is the beginning of a newer one.

RFC 6962, sections 2.1.1 and 2.1.2; the checks follow RFC 9162, sections 2.1.3.2 and 2.1.4.2, which compute
the same. Planning and combining are apart, so that storage may be asynchronous in between:

    nodes = inclusion_nodes(index, size)
    hashes = await storage.read(nodes)
    proof = inclusion_proof(index, size, hashes)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vault.audit.tree import EMPTY_ROOT, HASH_BYTES, Node, complete_subtrees, fold, leaf_hash, node_hash
from vault.errors import ProofInvalid

_Range = tuple[int, int]  # entries from the first to the second, excluded: one hash of a proof


def root_nodes(size: int) -> list[Node]:
    """Name the complete subtrees of a tree of `size` entries, largest first: its right edge."""
    return complete_subtrees(0, size)


def root_of(size: int, hashes: Mapping[Node, bytes]) -> bytes:
    """Return the root of the tree at `size`, present or past, from what `root_nodes` named."""
    return fold(hashes[node] for node in root_nodes(size))


def inclusion_nodes(index: int, size: int) -> list[Node]:
    """Name the subtrees that prove entry `index` in a tree of `size`; raise `ValueError`."""
    return _nodes(_inclusion_ranges(index, size))


def inclusion_proof(index: int, size: int, hashes: Mapping[Node, bytes]) -> tuple[bytes, ...]:
    """Build the audit path of entry `index`, from the leaf's sibling up; raise `ValueError`."""
    return _proof(_inclusion_ranges(index, size), hashes)


def consistency_nodes(old_size: int, new_size: int) -> list[Node]:
    """Name the subtrees from which the proof between two sizes is built; raise `ValueError`."""
    return _nodes(_consistency_ranges(old_size, new_size))


def consistency_proof(old_size: int, new_size: int, hashes: Mapping[Node, bytes]) -> tuple[bytes, ...]:
    """Build the proof that the tree of `old_size` begins the tree of `new_size`; raise `ValueError`.

    It is empty when the sizes are equal or the older tree is empty: then there is nothing to prove.
    """
    return _proof(_consistency_ranges(old_size, new_size), hashes)


def is_included(record: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Say whether the bytes are entry `index` of the tree: full tiles don't change with a row."""
    try:
        verify_inclusion(leaf_hash(record), index, size, root, proof)
    except ProofInvalid:
        return False
    return True


def verify_inclusion(leaf: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the leaf hash is entry `index` of the tree; raise `ProofInvalid`. RFC 9162, 2.1.3.2."""
    if not 0 <= index < size:
        raise ProofInvalid("the entry's index lies outside the tree")
    _check_lengths(leaf, root, *proof)
    position, last, computed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProofInvalid("the inclusion proof is too long")
        if position & 1 or position == last:
            computed = node_hash(sibling, computed)
            position, last = _skip_lone_right(position, last)
        else:
            computed = node_hash(computed, sibling)
        position, last = position >> 1, last >> 1
    if last or computed != root:
        raise ProofInvalid("the inclusion proof does not lead to the tree's root")


def verify_consistency(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the old tree is the beginning of the new one; raise `ProofInvalid`. RFC 9162, 2.1.4.2."""
    if not 0 <= old_size <= new_size:
        raise ProofInvalid("the older tree is larger than the newer one")
    _check_lengths(old_root, new_root, *proof)
    if old_size in (0, new_size):
        _check_trivial(old_size, old_root, new_size, new_root, proof)
        return
    if not proof:
        raise ProofInvalid("the consistency proof is empty")
    if _roots_by_consistency(old_size, new_size, old_root, proof) != (old_root, new_root):
        raise ProofInvalid("the consistency proof does not lead to both roots")


def _roots_by_consistency(
    old_size: int, new_size: int, old_root: bytes, proof: Sequence[bytes]
) -> tuple[bytes, bytes]:
    """Compute the old and the new root that the proof leads to."""
    # A complete old tree is itself the first subtree, so the proof leaves it out.
    steps = [old_root, *proof] if old_size.bit_count() == 1 else list(proof)
    position, last = _skip_right_ends(old_size - 1, new_size - 1)
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise ProofInvalid("the consistency proof is too long")
        if position & 1 or position == last:
            old, new = node_hash(step, old), node_hash(step, new)
            position, last = _skip_lone_right(position, last)
        else:
            new = node_hash(new, step)
        position, last = position >> 1, last >> 1
    if last:
        raise ProofInvalid("the consistency proof is too short")
    return old, new


def _skip_right_ends(position: int, last: int) -> _Range:
    """Climb while the node is a right child: up to there it is a complete subtree of the old tree."""
    while position & 1:
        position, last = position >> 1, last >> 1
    return position, last


def _skip_lone_right(position: int, last: int) -> _Range:
    """Climb from a lone last node to where it is a right child: on the levels between it has no sibling."""
    while position and not position & 1:
        position, last = position >> 1, last >> 1
    return position, last


def _check_trivial(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    if proof:
        raise ProofInvalid("the consistency proof is too long")
    if old_size == 0 and old_root != EMPTY_ROOT:
        raise ProofInvalid("the root of an empty tree is wrong")
    if old_size == new_size and old_root != new_root:
        raise ProofInvalid("two trees of the same size have different roots")


def _check_lengths(*hashes: bytes) -> None:
    if any(len(each) != HASH_BYTES for each in hashes):
        raise ProofInvalid(f"a hash of the proof does not have {HASH_BYTES} bytes")


def _inclusion_ranges(index: int, size: int) -> list[_Range]:
    """Split the tree from the top as in RFC 6962, 2.1.1; return the siblings' ranges from the leaf up."""
    if not 0 <= index < size:
        raise ValueError(f"entry {index} is not in a log of {size} entries")
    ranges = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _left_size(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def _consistency_ranges(old_size: int, new_size: int) -> list[_Range]:
    """Follow SUBPROOF of RFC 6962, 2.1.2, from the top; return the ranges in the proof's order."""
    if not 0 <= old_size <= new_size:
        raise ValueError(f"a log of {new_size} entries was never one of {old_size}")
    if old_size in (0, new_size):
        return []
    ranges = []
    start, end = 0, new_size
    while old_size < end:
        middle = start + _left_size(end - start)
        if old_size <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    if start:  # otherwise the verifier has it: it is the old root
        ranges.append((start, end))
    return ranges[::-1]


def _left_size(size: int) -> int:
    """Return the largest power of two below `size`, the "k" of RFC 6962, 2.1."""
    return 1 << (size - 1).bit_length() - 1


def _nodes(ranges: list[_Range]) -> list[Node]:
    return [node for start, end in ranges for node in complete_subtrees(start, end)]


def _proof(ranges: list[_Range], hashes: Mapping[Node, bytes]) -> tuple[bytes, ...]:
    return tuple(fold(hashes[node] for node in complete_subtrees(start, end)) for start, end in ranges)
