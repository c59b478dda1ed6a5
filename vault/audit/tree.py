"""The Merkle tree of the log: its hashes, and the right edge from which it grows.

RFC 6962, section 2.1. A tree of any size is a row of complete subtrees, the largest first, one for each
one-bit of its size. Their roots are enough to append and to compute the root, so a log of any length grows
from at most 64 hashes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from vault.errors import LogCorrupt

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()  # RFC 6962, 2.1: the hash of an empty list
MAX_SIZE = (1 << 63) - 1  # C2SP tlog-tiles: levels up to 63; also what a signed 64-bit column holds

# RFC 6962, 2.1: different first bytes, so that no node can pass as a leaf.
_LEAF_PREFIX = b"\x00"
_NODE_PREFIX = b"\x01"
_SIZE_BYTES = 8


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of one entry's bytes as a leaf (RFC 6962, 2.1)."""
    return sha256(_LEAF_PREFIX + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node above two subtrees (RFC 6962, 2.1)."""
    return sha256(_NODE_PREFIX + left + right).digest()


def leaf_hashes(run: Iterable[bytes]) -> list[bytes]:
    """Return the leaf hash of each; the same as `leaf_hash`, but faster."""
    return [sha256(_LEAF_PREFIX + data).digest() for data in run]


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """Return the root of a complete subtree over `hashes`, whose number is a power of two."""
    row = hashes
    while len(row) > 1:
        lefts, rights = row[::2], row[1::2]
        # What `node_hash` does; a call more for each would cost a quarter more.
        row = [
            sha256(_NODE_PREFIX + left + right).digest() for left, right in zip(lefts, rights, strict=True)
        ]
    return row[0]


def fold(roots: Iterable[bytes]) -> bytes:
    """Return the root above a row of complete subtrees, largest first; the empty root for none.

    RFC 6962, 2.1: each smaller tree hangs to the right, so hashing begins at the small end.
    """
    right = b""
    for left in reversed(tuple(roots)):
        right = node_hash(left, right) if right else left
    return right or EMPTY_ROOT


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """A complete subtree over entries `index << level` to `(index + 1) << level`; level 0 is a leaf."""

    level: int
    index: int


def complete_subtrees(start: int, end: int) -> list[Node]:
    """Name the complete subtrees that make up entries `start` to `end` (excluded), largest first.

    `start` must be aligned as in RFC 6962: a multiple of a power of two that is at least `end - start`.
    """
    nodes = []
    for level in reversed(range((end - start).bit_length())):
        if (end - start) >> level & 1:
            nodes.append(Node(level, start >> level))
            start += 1 << level
    return nodes


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: `size` entries, and the roots of its complete subtrees, largest first.

    Raises `LogCorrupt` when the hashes can't be those of a tree of that size.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_SIZE or len(self.hashes) != self.size.bit_count():
            raise LogCorrupt("the right edge of the log does not fit its size")
        if any(len(each) != HASH_BYTES for each in self.hashes):
            raise LogCorrupt("the right edge of the log holds a hash of a wrong length")

    def append(self, leaf: bytes) -> Frontier:
        """Return the right edge after one more leaf hash."""
        return self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> Frontier:
        """Return the right edge after these leaf hashes, in order."""
        size, row = self.size, list(self.hashes)
        for leaf in leaves:
            joined, remaining = leaf, size
            while remaining & 1:
                joined = node_hash(row.pop(), joined)
                remaining >>= 1
            row.append(joined)
            size += 1
        return Frontier(size, tuple(row))

    def root(self) -> bytes:
        """Return the root of the tree."""
        return fold(self.hashes)

    def encode(self) -> bytes:
        """Return the size as 8 bytes, big-endian, then the hashes, largest subtree first."""
        return self.size.to_bytes(_SIZE_BYTES, "big") + b"".join(self.hashes)

    @classmethod
    def decode(cls, data: bytes) -> Frontier:
        """Read what `encode` wrote; raise `LogCorrupt`."""
        if len(data) < _SIZE_BYTES or (len(data) - _SIZE_BYTES) % HASH_BYTES:
            raise LogCorrupt("the right edge of the log is cut short")
        size = int.from_bytes(data[:_SIZE_BYTES], "big")
        return cls(size, split_hashes(data[_SIZE_BYTES:]))


def split_hashes(data: bytes) -> tuple[bytes, ...]:
    """Cut concatenated hashes apart; the length of `data` is a multiple of 32."""
    return tuple([data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES)])
