"""A verifier of the log that shares no line with the product: RFC 6962 and C2SP, from their texts.

Signed notes and checkpoints (https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint), tiles
(https://c2sp.org/tlog-tiles), proofs (https://c2sp.org/tlog-proof). The rules of the entries are those of
`docs/format.md`, section 4. It imports nothing of `keys` or `vault`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

WIDTH = 256
HASH_BYTES = 32


class NotGenuine(Exception):
    """Something is not what the log signed."""


def require(held: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Go on if it held."""
    if not held:
        raise NotGenuine(otherwise)


@dataclass(frozen=True)
class SignedSize:
    """What a checkpoint says."""

    size: int
    root: bytes


def decoded(text: str) -> bytes:
    """Read base64 in its one canonical form (RFC 4648, 3.5)."""
    try:
        value = base64.b64decode(text, validate=True)
    except ValueError:
        raise NotGenuine("this is no base64") from None
    require(base64.b64encode(value).decode() == text, "base64 in another form than its own")
    return value


def open_note(note: bytes, verifier_key: str) -> SignedSize:
    """Check a checkpoint's signature by a verifier key (`name+id+key`)."""
    name, key_id, encoded = verifier_key.strip().split("+", 2)
    kind_and_key = decoded(encoded)
    own_id = hashlib.sha256(name.encode() + b"\n" + kind_and_key).digest()[:4]
    require(own_id.hex() == key_id and kind_and_key[0] == 1, "the key is not one for Ed25519 notes")
    text, _, lines = note.decode().rpartition("\n\n")
    text += "\n"
    for line in lines.splitlines():
        dash, signer, signature = line.split(" ")
        raw = decoded(signature)
        if (dash, signer, raw[:4]) != ("\N{EM DASH}", name, own_id):
            continue
        try:
            Ed25519PublicKey.from_public_bytes(kind_and_key[1:]).verify(raw[4:], text.encode())
        except InvalidSignature:
            raise NotGenuine("the signature is wrong") from None
        origin, size, root = text.splitlines()[:3]
        require(origin == name, "the checkpoint is another log's")
        return SignedSize(int(size), decoded(root))
    raise NotGenuine("the note is not signed by that key")


def leaf(entry: bytes) -> bytes:
    """RFC 6962, 2.1: the hash of a leaf."""
    return hashlib.sha256(b"\0" + entry).digest()


def inner(left: bytes, right: bytes) -> bytes:
    """RFC 6962, 2.1: the hash of two subtrees."""
    return hashlib.sha256(b"\1" + left + right).digest()


def tree_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1: the Merkle tree hash, by its own recursive definition."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return inner(tree_root(leaves[:split]), tree_root(leaves[split:]))


def check_inclusion(hash_: bytes, index: int, signed: SignedSize, path: list[bytes]) -> None:
    """RFC 9162, 2.1.3.2: follow the path from the leaf to the root."""
    require(index < signed.size, "the index lies beyond the log")
    fn, sn = index, signed.size - 1
    for step in path:
        require(sn > 0, "the proof is too long")
        if fn & 1 or fn == sn:
            hash_ = inner(step, hash_)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            hash_ = inner(hash_, step)
        fn, sn = fn >> 1, sn >> 1
    require(sn == 0 and hash_ == signed.root, "the proof does not lead to the root")


def check_certificate(text: bytes, verifier_key: str) -> dict[str, Any]:
    """Check a destruction certificate; return the entry it proves."""
    head, _, note = text.partition(b"\n\n")
    lines = head.decode().splitlines()
    require(lines[0] == "c2sp.org/tlog-proof@v1", "this is no tlog-proof")
    require(lines[1].startswith("extra ") and lines[2].startswith("index "), "the proof has other lines")
    entry = decoded(lines[1].removeprefix("extra "))
    index = int(lines[2].removeprefix("index "))
    signed = open_note(note, verifier_key)
    check_inclusion(leaf(entry), index, signed, [decoded(line) for line in lines[3:]])
    said: dict[str, Any] = json.loads(entry)
    require(said["index"] == index, "the entry has another index")
    require((said["action"], said["outcome"]) == ("recording.shredded", "done"), "it is no destruction")
    return said


@dataclass(frozen=True)
class Export:
    """A checked export: what was signed, and every entry's bytes."""

    signed: SignedSize
    entries: list[bytes]


def check_export(folder: Path, verifier_key: str, *kept: bytes) -> Export:
    """Check an exported log end to end, and that it goes on from every checkpoint kept of it."""
    signed = open_note((folder / "checkpoint").read_bytes(), verifier_key)
    entries = _bundles(folder, signed.size)
    leaves = [leaf(entry) for entry in entries]
    require(tree_root(leaves) == signed.root, "the entries are not those that were signed")
    _check_tiles(folder, leaves)
    last = ""
    for index, entry in enumerate(entries):
        said = json.loads(entry)
        require(canonical(said) == entry, f"entry {index} is not in canonical form")
        require(said["index"] == index, f"entry {index} bears another index")
        require(said["time"] >= last, f"entry {index} lies before the one before it")
        last = said["time"]
    for note in kept:
        before = open_note(note, verifier_key)
        require(before.size <= signed.size, "the log is shorter than it was")
        require(tree_root(leaves[: before.size]) == before.root, "the log was rewritten")
    return Export(signed, entries)


def canonical(value: dict[str, Any]) -> bytes:
    """RFC 8785, for the kinds of value that entries have: no fractions."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _bundles(folder: Path, size: int) -> list[bytes]:
    """Read every entry: 16 bits of length, then the entry, 256 to a file."""
    entries: list[bytes] = []
    for first in range(0, size, WIDTH):
        width = min(WIDTH, size - first)
        data = _tile_file(folder / "tile" / "entries", first // WIDTH, width).read_bytes()
        before = len(entries)
        while data:
            length = int.from_bytes(data[:2])
            require(len(data) >= 2 + length, "a bundle is cut short")
            entries.append(data[2 : 2 + length])
            data = data[2 + length :]
        require(len(entries) - before == width, "a bundle has another number of entries")
    return entries


def _check_tiles(folder: Path, hashes: list[bytes]) -> None:
    """Compare every tile of every level with what the entries give."""
    level = 0
    while hashes:
        for first in range(0, len(hashes), WIDTH):
            some = hashes[first : first + WIDTH]
            file = _tile_file(folder / "tile" / str(level), first // WIDTH, len(some))
            require(file.read_bytes() == b"".join(some), f"tile {level}/{first // WIDTH} is wrong")
        full = len(hashes) // WIDTH
        hashes = [tree_root(hashes[at * WIDTH : (at + 1) * WIDTH]) for at in range(full)]
        level += 1


def _tile_file(folder: Path, index: int, width: int) -> Path:
    """C2SP tlog-tiles: groups of three digits, all but the last with an x; partial ones under `.p`."""
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03d}")
    path = folder.joinpath(*groups)
    path = path if width == WIDTH else path.with_name(path.name + ".p") / str(width)
    require(path.is_file(), f"{path} is missing")
    return path
