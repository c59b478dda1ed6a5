"""The right edge of a log, signed: the proof that it grew by the hand of its own vault.

An entry needs no secret, and neither does the right edge that it leads to. So whoever may write to the
database could append entries, and the next commit would sign them with its own, if the edge were believed
that lies there.
"""

from __future__ import annotations

from dataclasses import dataclass

from keys.errors import SignatureInvalid
from keys.signing import NoteVerifier
from vault.audit.checkpoint import Checkpoint, open_checkpoint
from vault.audit.tree import Frontier
from vault.errors import LogCorrupt


@dataclass(frozen=True, slots=True)
class SignedEdge:
    """A right edge as it is kept, with the checkpoint that was signed when the log had grown to it.

    `note` is None for a log without entries, and in a database from before edges were signed, until its next
    commit.
    """

    frontier: Frontier
    note: bytes | None


def must_be_signed(edge: SignedEdge, verifier: NoteVerifier, kept: Checkpoint | None) -> Checkpoint:
    """Return the checkpoint of that edge; raise `LogCorrupt` for an edge that this key did not sign.

    `kept` was signed and lies elsewhere. An edge that is this one needs no note, or has that of an earlier
    one: a process of the former program, which signs beside the slots alone, may go on after the migration.
    """
    now = Checkpoint.of(verifier.name, edge.frontier)
    if now == kept or (edge.note is None and not now.size):
        return now
    if edge.note is None:
        raise LogCorrupt("the right edge of the log bears no signature of this vault")
    try:
        signed = open_checkpoint(edge.note, verifier)
    except SignatureInvalid:
        raise LogCorrupt("the right edge of the log bears no signature of this vault") from None
    if signed.size < now.size:
        raise LogCorrupt(
            f"no process of this vault wrote entries {signed.size} to {now.size - 1}: they were added by hand"
        )
    if signed != now:
        raise LogCorrupt("the right edge of the log is not the one that was signed")
    return signed
