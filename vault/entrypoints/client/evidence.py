"""Whether a destruction certificate is about what was collected: a proof of something else is none of it."""

from __future__ import annotations

from keys.signing import NoteVerifier
from vault.audit.certificate import DestructionCertificate
from vault.audit.tlog_proof import TlogProof
from vault.entrypoints.client.failures import CertificateWrong
from vault.entrypoints.client.ledger import Held
from vault.errors import ProofInvalid


def must_certify(text: bytes, held: Held, verifier: NoteVerifier | None) -> None:
    """Raise `CertificateWrong` unless a certificate says that this very recording was destroyed.

    With the log's verifier key, signature and inclusion are checked too; without it the certificate is only
    known to be complete, and about the recording.
    """
    try:
        certificate = (
            DestructionCertificate.verify(text, verifier)
            if verifier is not None
            else DestructionCertificate.from_proof(TlogProof.parse(text))
        )
    except ProofInvalid as error:
        raise CertificateWrong(f"the certificate does not hold: {error}") from None
    if certificate.recording != held.id:
        raise CertificateWrong("the certificate is another recording's")
    if certificate.entry.facts.get("sha256") != held.sha256:
        raise CertificateWrong("the certificate names another content than what was collected")
