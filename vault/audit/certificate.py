"""The destruction certificate: proof that the log says a recording was shredded.

It is the C2SP tlog-proof of the `recording.shredded` entry, and nothing more: who doubts it can verify it
with software that isn't ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from keys.signing import NoteVerifier
from vault.audit.entry import Entry
from vault.audit.tlog_proof import TlogProof
from vault.errors import ProofInvalid

SHREDDED_ACTION = "recording.shredded"
SHREDDED_OUTCOME = "done"


@dataclass(frozen=True, slots=True)
class DestructionCertificate:
    """A proof and the entry in it. Build it by `from_proof` or `verify`, which refuse any other action."""

    proof: TlogProof
    entry: Entry
    recording: str

    @classmethod
    def from_proof(cls, proof: TlogProof) -> DestructionCertificate:
        """Take the proof of a shredding, unverified, as the log itself issues it; raise `ProofInvalid`."""
        return cls._of(proof, proof.entry())

    @classmethod
    def verify(cls, text: bytes, verifier: NoteVerifier) -> DestructionCertificate:
        """Read a certificate and check it offline; raise `ProofInvalid`."""
        proof = TlogProof.parse(text)
        entry, _ = proof.verify(verifier)
        return cls._of(proof, entry)

    @classmethod
    def _of(cls, proof: TlogProof, entry: Entry) -> DestructionCertificate:
        # A refused attempt to shred is an entry too, and must not pass as a destruction.
        if (entry.action, entry.outcome) != (SHREDDED_ACTION, SHREDDED_OUTCOME) or entry.recording is None:
            raise ProofInvalid("the proof's entry is not the destruction of a recording")
        return cls(proof, entry, entry.recording)

    @property
    def shredded_at(self) -> datetime:
        """When the log took note of it; the key was destroyed before."""
        return self.entry.time

    def encode(self) -> bytes:
        """Return the certificate's text, a C2SP tlog-proof."""
        return self.proof.encode()
