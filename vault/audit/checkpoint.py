"""Checkpoints: the log's size and root, signed.

C2SP tlog-checkpoint, as the text of a C2SP signed-note. Extension lines, which the specification allows and
advises against, are never written here; a checkpoint that has some is refused.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from keys.signing import NoteSigner, NoteVerifier
from vault.audit.tree import HASH_BYTES, MAX_SIZE, Frontier
from vault.errors import LogCorrupt

_ORIGIN = re.compile(r"[^\s+\x00-\x1f\x7f]+")  # C2SP signed-note, "Format": the rule for key names
_TEXT = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log named `origin` had `size` entries with this root. Raises `LogCorrupt` for what can't be one."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not _ORIGIN.fullmatch(self.origin):
            raise LogCorrupt("a log's name has neither spaces nor plus signs")
        if not 0 <= self.size <= MAX_SIZE or len(self.root) != HASH_BYTES:
            raise LogCorrupt("a checkpoint has an impossible size or root")

    @classmethod
    def of(cls, origin: str, frontier: Frontier) -> Checkpoint:
        """Return what a log with that right edge is."""
        return cls(origin, frontier.size, frontier.root())

    def text(self) -> str:
        """Return the text that is signed: origin, size and root, a line each."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read a checkpoint's text; raise `LogCorrupt` for anything that `text` doesn't write."""
        if not (match := _TEXT.fullmatch(text)):
            raise LogCorrupt("a checkpoint has three lines: origin, size and root")
        origin, size, root = match.groups()
        return cls(origin, int(size), decode_hash(root))

    def sign(self, signer: NoteSigner) -> bytes:
        """Return the signed note; raise `LogCorrupt` when the key is another log's."""
        if signer.verifier.name != self.origin:
            raise LogCorrupt("a checkpoint is signed by its own log's key only")
        return signer.sign(self.text()).encode()


def open_checkpoint(note: bytes, verifier: NoteVerifier) -> Checkpoint:
    """Return the checkpoint in a signed note.

    Raises `keys.errors.SignatureInvalid` when the key did not sign it, `LogCorrupt` when what it signed is no
    checkpoint of its own log.
    """
    checkpoint = Checkpoint.parse(verifier.verify(note))
    if checkpoint.origin != verifier.name:
        raise LogCorrupt("a checkpoint bears another log's name than its key")
    return checkpoint


def read_checkpoint(note: bytes) -> Checkpoint:
    """Return what a note says, whoever signed it; raise `LogCorrupt` for what is no checkpoint."""
    text, _, _ = note.partition(b"\n\n")
    return Checkpoint.parse(text.decode(errors="replace") + "\n")


def decode_hash(text: str) -> bytes:
    """Read a hash in base64, only as RFC 4648 writes it; raise `LogCorrupt`."""
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise LogCorrupt("a hash is not in base64") from error
    # The last digit has spare bits: RFC 4648, 3.5 wants them zero.
    if len(value) != HASH_BYTES or base64.b64encode(value).decode() != text:
        raise LogCorrupt("a hash is not 32 bytes in base64")
    return value
