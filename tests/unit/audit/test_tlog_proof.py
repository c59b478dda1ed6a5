"""Proofs and destruction certificates in one file: C2SP tlog-proof, strictly, and what they prove."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from keys.secret import Secret
from keys.signing import NoteSigner, NoteVerifier
from vault.audit.certificate import DestructionCertificate
from vault.audit.checkpoint import Checkpoint
from vault.audit.entry import Entry
from vault.audit.proof import inclusion_nodes, inclusion_proof
from vault.audit.tlog_proof import TlogProof, prove_entry
from vault.audit.tree import Frontier, Node, leaf_hash, perfect_root
from vault.errors import ProofInvalid

ORIGIN = "callvault/k3j4h5"
SIGNER = NoteSigner(ORIGIN, Secret(bytes(32)))
NOON = datetime(2026, 11, 22, 12, 0, 0, 123456, UTC)


def entry(index: int) -> Entry:
    """Return an entry; the last of the example's eleven is a destruction."""
    action = "recording.shredded" if index == 10 else "recording.opened"
    return Entry(
        index=index,
        time=NOON,
        actor="k3",
        action=action,
        outcome="done",
        channel="http",
        recording=f"r{index}",
    )


LOG = [entry(index).encode() for index in range(11)]
LEAVES = [leaf_hash(data) for data in LOG]
BEFORE = Frontier().extend(LEAVES[:10])
CHECKPOINT = Checkpoint(ORIGIN, 11, BEFORE.append(LEAVES[10]).root())
NOTE = CHECKPOINT.sign(SIGNER)


def prove(index: int) -> TlogProof:
    """Prove an entry of the example log."""

    def value(node: Node) -> bytes:
        return perfect_root(LEAVES[node.index << node.level : (node.index + 1) << node.level])

    hashes = {node: value(node) for node in inclusion_nodes(index, 11)}
    return prove_entry(LOG[index], index, inclusion_proof(index, 11, hashes), NOTE)


def verified(text: bytes, verifier: NoteVerifier = SIGNER.verifier) -> Entry:
    """Read a proof and check it; return the entry that it proves."""
    entry, _ = TlogProof.parse(text).verify(verifier)
    return entry


CERTIFICATE = prove(10)
TEXT = CERTIFICATE.encode()


@pytest.mark.parametrize("index", range(11))
def test_every_entry_can_be_proven(index: int) -> None:
    """The proof of any entry is verified with the log's key and nothing else, and gives that entry."""
    assert verified(prove(index).encode()) == entry(index)


def test_the_form_of_a_proof() -> None:
    """Header, extra, index, hashes, an empty line and the note verbatim, as tlog-proof orders them."""
    lines = TEXT.split(b"\n")

    assert lines[0] == b"c2sp.org/tlog-proof@v1"
    assert lines[1] == b"extra " + base64.b64encode(LOG[10])
    assert lines[2] == b"index 10"
    assert [base64.b64decode(line) for line in lines[3:5]] == list(reversed(BEFORE.hashes))
    assert lines[5] == b""
    assert b"\n".join(lines[6:]) == NOTE


@pytest.mark.parametrize("extra", [None, b"", b"\x00\xff"])
@pytest.mark.parametrize("proof", [(), (bytes(32),), (bytes(32), b"\x01" * 32)])
def test_proofs_come_back(extra: bytes | None, proof: tuple[bytes, ...]) -> None:
    """Any proof is read as it was written, without extra data and with an empty path too."""
    written = TlogProof(2**62, proof, NOTE, extra)

    assert TlogProof.parse(written.encode()) == written


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\n\n",
        NOTE,
        TEXT.replace(b"@v1", b"@v2"),
        TEXT.replace(b"extra ", b"extra  "),
        TEXT.replace(b"extra ", b"Extra "),
        TEXT.replace(b"extra ", b"extra\t"),
        TEXT.replace(b"extra ", b"extra ="),
        TEXT.replace(b"extra e", b"extra \xc3\xa9"),
        TEXT.replace(b"index 10\n", b""),
        TEXT.replace(b"index 10\n", b"index 010\n"),
        TEXT.replace(b"index 10\n", b"index -1\n"),
        TEXT.replace(b"index 10\n", b"index 10 \n"),
        TEXT.replace(b"index 10\n", b"index\n"),
        TEXT.replace(b"index 10\n", b"index 9999999999999999999\n"),
        TEXT.replace(b"index 10\n", b"index 10\nindex 10\n"),
        TEXT.replace(b"index 10\n", b"index 10\r\n"),
        TEXT.replace(b"index 10\n", b"index 10\nAAAA\n"),
        TEXT.replace(b"index 10\n", b"index 10\n" + b"A" * 42 + b"B=\n"),
        TEXT.replace(b"index 10\n", b"index 10\n" + base64.b64encode(bytes(32)) + b" \n"),
        TEXT.replace(b"index 10\n", b"index 10\n" + (base64.b64encode(bytes(32)) + b"\n") * 64),
        TEXT.split(b"\n\n")[0],
        TEXT.split(b"\n\n")[0] + b"\n\n",
        b"\n" + TEXT,
        TEXT + b" " * (1 << 18),
        b"c2sp.org/tlog-proof@v1\n\n" + NOTE,
    ],
)
def test_other_forms_are_refused(text: bytes) -> None:
    """What tlog-proof does not allow is not read, not even where its meaning could be guessed."""
    with pytest.raises(ProofInvalid):
        TlogProof.parse(text)


def test_spare_bits_of_extra_data_are_refused() -> None:
    """Extra data has one spelling: base64 whose unused bits are set is another text."""
    text = TlogProof(0, (), NOTE, b"\x00").encode()

    with pytest.raises(ProofInvalid):
        TlogProof.parse(text.replace(b"AA==", b"AB=="))


def test_any_changed_byte_is_seen() -> None:
    """No single byte of a certificate can change and leave it valid."""
    for place in range(len(TEXT)):
        damaged = TEXT[:place] + bytes([TEXT[place] ^ 1]) + TEXT[place + 1 :]
        with pytest.raises(ProofInvalid):
            verified(damaged)


@pytest.mark.parametrize(
    "proof",
    [
        replace(CERTIFICATE, extra=None),
        replace(CERTIFICATE, extra=LOG[9]),
        replace(CERTIFICATE, extra=LOG[10] + b" "),
        replace(CERTIFICATE, extra=replace(entry(10), recording="r11").encode()),
        replace(CERTIFICATE, index=9),
        replace(CERTIFICATE, index=9, extra=LOG[9]),
        replace(CERTIFICATE, index=11, extra=replace(entry(10), index=11).encode()),
        replace(CERTIFICATE, proof=CERTIFICATE.proof[::-1]),
        replace(CERTIFICATE, proof=CERTIFICATE.proof[1:]),
        replace(CERTIFICATE, proof=(*CERTIFICATE.proof, bytes(32))),
        replace(CERTIFICATE, checkpoint_note=b"x"),
        replace(CERTIFICATE, checkpoint_note=replace(CHECKPOINT, size=10).sign(SIGNER)),
        replace(CERTIFICATE, checkpoint_note=replace(CHECKPOINT, root=bytes(32)).sign(SIGNER)),
        replace(CERTIFICATE, checkpoint_note=SIGNER.sign("any text\n").encode()),
        replace(
            CERTIFICATE, checkpoint_note=SIGNER.sign("callvault/other\n" + CHECKPOINT.text()[17:]).encode()
        ),
    ],
)
def test_proofs_of_something_else_are_refused(proof: TlogProof) -> None:
    """Entry, index, path, root, size, name and signature all have to belong together."""
    with pytest.raises(ProofInvalid):
        verified(proof.encode())


def test_an_entry_that_lies_about_its_place_is_refused() -> None:
    """An entry that is in the tree, but says another index than its place, is not proven."""
    data = replace(entry(10), index=5).encode()
    note = Checkpoint(ORIGIN, 1, leaf_hash(data)).sign(SIGNER)

    with pytest.raises(ProofInvalid):
        verified(prove_entry(data, 0, (), note).encode())


def test_a_stranger_can_not_certify() -> None:
    """A log of the same name under another key proves nothing."""
    stranger = NoteSigner(ORIGIN, Secret(bytes([1]) * 32))

    with pytest.raises(ProofInvalid):
        verified(TEXT, stranger.verifier)


def test_a_certificate_says_what_was_destroyed() -> None:
    """A certificate names recording and time, is its own proof file, and verifies offline."""
    issued = DestructionCertificate.from_proof(CERTIFICATE)

    assert DestructionCertificate.verify(issued.encode(), SIGNER.verifier) == issued
    assert (issued.recording, issued.shredded_at) == ("r10", NOON)
    assert issued.encode() == TEXT


@pytest.mark.parametrize(
    "other",
    [
        entry(3),
        replace(entry(10), action="recording.collected"),
        replace(entry(10), outcome="refused"),
        replace(entry(10), recording=None),
    ],
)
def test_nothing_but_a_destruction_is_certified(other: Entry) -> None:
    """A valid proof of another action, or of a refused attempt, is no destruction certificate."""
    data = replace(other, index=0).encode()
    note = Checkpoint(ORIGIN, 1, leaf_hash(data)).sign(SIGNER)
    proof = prove_entry(data, 0, (), note)

    assert verified(proof.encode()).index == 0
    with pytest.raises(ProofInvalid):
        DestructionCertificate.from_proof(proof)
    with pytest.raises(ProofInvalid):
        DestructionCertificate.verify(proof.encode(), SIGNER.verifier)
