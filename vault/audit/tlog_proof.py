"""A proof in one file: an entry, its place in the log, and the signed checkpoint it leads to.

C2SP tlog-proof. Its "extra data" carries the entry's canonical bytes, so a proof needs nothing beside it but
the log's verifier key. Our application rule, which the specification leaves open: the leaf is the RFC 6962
leaf hash of exactly those bytes.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from keys.errors import SignatureInvalid
from keys.signing import NoteVerifier
from vault.audit.checkpoint import Checkpoint, decode_hash, open_checkpoint
from vault.audit.entry import Entry
from vault.audit.proof import verify_inclusion
from vault.audit.tree import MAX_SIZE, leaf_hash
from vault.errors import LogCorrupt, ProofInvalid

_HEADER = "c2sp.org/tlog-proof@v1"
_EXTRA = "extra "
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")
_MAX_PROOF_HASHES = 63  # one for each level of the largest tree
_MAX_TEXT_BYTES = 1 << 18  # an entry of 64 KiB in base64, 63 hashes, and a note with many cosignatures


def is_proof(text: bytes) -> bool:
    """Say whether a text means to be a proof, and not the checkpoint alone."""
    return text.startswith(_HEADER.encode())


@dataclass(frozen=True, slots=True)
class TlogProof:
    """The parts: `proof` runs from the leaf's sibling up, `checkpoint_note` is a whole signed note."""

    index: int
    proof: tuple[bytes, ...]
    checkpoint_note: bytes
    extra: bytes | None = None

    def encode(self) -> bytes:
        """Return the text, as UTF-8; files of it end in `.tlog-proof`."""
        lines = [_HEADER]
        if self.extra is not None:
            lines.append(_EXTRA + base64.b64encode(self.extra).decode())
        lines.append(f"index {self.index}")
        lines += (base64.b64encode(each).decode() for each in self.proof)
        return "".join(f"{line}\n" for line in [*lines, ""]).encode() + self.checkpoint_note

    @classmethod
    def parse(cls, text: bytes) -> TlogProof:
        """Read a proof; raise `ProofInvalid` for anything that `encode` doesn't write."""
        if len(text) > _MAX_TEXT_BYTES:
            raise ProofInvalid("the proof is too long")
        head, blank, note = text.partition(b"\n\n")
        if not blank or not note or not head.isascii():
            raise ProofInvalid("the proof holds no checkpoint")
        lines = head.decode("ascii").split("\n")
        if lines.pop(0) != _HEADER:
            raise ProofInvalid(f"the proof does not begin with {_HEADER}")
        extra = _decode_extra(lines.pop(0)) if lines and lines[0].startswith(_EXTRA) else None
        index = _decode_index(lines.pop(0) if lines else "")
        if len(lines) > _MAX_PROOF_HASHES:
            raise ProofInvalid("the inclusion proof is too long")
        try:
            return cls(index, tuple(decode_hash(line) for line in lines), note, extra)
        except LogCorrupt as error:
            raise ProofInvalid("a line of the proof is not a hash") from error

    def entry(self) -> Entry:
        """Return the entry that the proof carries, unverified; raise `ProofInvalid`."""
        if self.extra is None:
            raise ProofInvalid("the proof does not carry its entry")
        try:
            entry = Entry.decode(self.extra)
        except LogCorrupt as error:
            raise ProofInvalid("the proof's entry is not one of this log's kind") from error
        if entry.index != self.index:
            raise ProofInvalid("the proof's entry has another index than the proof")
        return entry

    def verify(self, verifier: NoteVerifier) -> tuple[Entry, Checkpoint]:
        """Check signature, name, index and inclusion; return what was proven, or raise `ProofInvalid`."""
        entry = self.entry()
        try:
            checkpoint = open_checkpoint(self.checkpoint_note, verifier)
        except SignatureInvalid as error:
            raise ProofInvalid("the proof's checkpoint is not signed by that key") from error
        except LogCorrupt as error:
            raise ProofInvalid("what the key signed is not a checkpoint of its log") from error
        leaf = leaf_hash(self.extra or b"")  # `entry` has refused a proof without
        verify_inclusion(leaf, self.index, checkpoint.size, checkpoint.root, self.proof)
        return entry, checkpoint


def prove_entry(
    entry_bytes: bytes, index: int, proof: tuple[bytes, ...], checkpoint_note: bytes
) -> TlogProof:
    """Join what the log knows of an entry into a proof that carries it."""
    return TlogProof(index, proof, checkpoint_note, extra=entry_bytes)


def _decode_extra(line: str) -> bytes:
    text = line.removeprefix(_EXTRA)
    try:
        extra = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ProofInvalid("the proof's extra data is not in base64") from error
    if base64.b64encode(extra).decode() != text:
        raise ProofInvalid("the proof's extra data is not in base64")
    return extra


def _decode_index(line: str) -> int:
    match = _INDEX.fullmatch(line)
    if not match or (index := int(match[1])) > MAX_SIZE:
        raise ProofInvalid("the proof names no index")
    return index
