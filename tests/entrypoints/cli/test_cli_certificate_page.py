"""Promises about the certificate as a page: it carries the proof unchanged, and nothing that acts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from keys.secret import Secret
from keys.signing import NoteSigner
from vault.audit.certificate import DestructionCertificate
from vault.audit.checkpoint import Checkpoint
from vault.audit.entry import Entry
from vault.audit.tlog_proof import prove_entry
from vault.audit.tree import leaf_hash
from vault.entrypoints.cli.certificate_page import certificate_in, is_page, render_page
from vault.errors import ProofInvalid

_SIGNER = NoteSigner("callvault/test", Secret(bytes(32)))


@pytest.fixture
def certificate() -> DestructionCertificate:
    """A certificate from a log of one entry, whose horizon was written by somebody unkind."""
    entry = Entry(
        index=0,
        time=datetime(2026, 11, 22, tzinfo=UTC),
        actor="customer:x",
        action="recording.shredded",
        outcome="done",
        channel="http",
        recording="4f7k",
        facts={"snapshot_horizon": '<script>alert(1)</script><pre id="tlog-proof">forged', "bytes": 5},
    )
    note = Checkpoint("callvault/test", 1, leaf_hash(entry.encode())).sign(_SIGNER)
    return DestructionCertificate.from_proof(prove_entry(entry.encode(), 0, (), note))


def test_the_proof_survives_the_page(certificate: DestructionCertificate) -> None:
    """What is found in the page is byte for byte the proof, also after a mail changed its line ends."""
    page = render_page(certificate, _SIGNER.verifier_key).encode()

    assert is_page(page)
    assert certificate_in(page) == certificate.encode()
    assert certificate_in(page.replace(b"\n", b"\r\n")) == certificate.encode()
    DestructionCertificate.verify(certificate_in(page), _SIGNER.verifier)


def test_a_page_is_only_paper(certificate: DestructionCertificate) -> None:
    """No script, image, font or address from elsewhere; what was written into the log stays text."""
    page = render_page(certificate, _SIGNER.verifier_key)

    assert "<script" not in page
    assert not any(word in page for word in ("src=", "href=", "url(", "@import"))
    assert "What is not claimed" in page


def test_a_page_with_two_proofs(certificate: DestructionCertificate) -> None:
    """A page from which two could be read is refused, whatever they are."""
    page = render_page(certificate, _SIGNER.verifier_key)

    for forged in (page + '<pre id="tlog-proof">x</pre>', "<p>nothing</p>"):
        with pytest.raises(ProofInvalid):
            certificate_in(forged.encode())
