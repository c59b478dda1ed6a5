"""Checkpoints: C2SP tlog-checkpoint, strictly."""

from __future__ import annotations

import base64

import pytest

from keys.errors import SignatureInvalid
from keys.secret import Secret
from keys.signing import NoteSigner
from vault.audit.checkpoint import Checkpoint, open_checkpoint
from vault.audit.tree import EMPTY_ROOT, leaf_hash
from vault.errors import LogCorrupt

ORIGIN = "callvault/k3j4h5"
SIGNER = NoteSigner(ORIGIN, Secret(bytes(32)))
ROOT = base64.b64encode(leaf_hash(b"root")).decode()
TEXT = f"{ORIGIN}\n109482\n{ROOT}\n"


def test_the_text_of_a_checkpoint() -> None:
    """Origin, size and root stand on a line each, as in the specification's own example."""
    example = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"

    checkpoint = Checkpoint.parse(example)

    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert checkpoint.text() == example


def test_a_signed_checkpoint_is_opened() -> None:
    """What was signed comes out again, for an empty log too."""
    for checkpoint in (Checkpoint.parse(TEXT), Checkpoint(ORIGIN, 0, EMPTY_ROOT)):
        assert open_checkpoint(checkpoint.sign(SIGNER), SIGNER.verifier) == checkpoint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n\n",
        TEXT[:-1],
        TEXT + "\n",
        TEXT + "extension\n",
        "\n" + TEXT,
        TEXT.replace("\n", "\r\n"),
        TEXT.replace(ORIGIN, ""),
        TEXT.replace(ORIGIN, "call vault"),
        TEXT.replace(ORIGIN, "call+vault"),
        TEXT.replace(ORIGIN, "call\u2003vault"),
        TEXT.replace(ORIGIN, "call\x1bvault"),
        TEXT.replace("109482", "0109482"),
        TEXT.replace("109482", "+109482"),
        TEXT.replace("109482", "-1"),
        TEXT.replace("109482", ""),
        TEXT.replace("109482", " 109482"),
        TEXT.replace("109482", "1_094"),
        TEXT.replace("109482", "٣"),
        TEXT.replace("109482", "9223372036854775808"),
        TEXT.replace("109482", "1" * 5000),
        TEXT.replace(ROOT, ROOT[:-1]),
        TEXT.replace(ROOT, ROOT + "="),
        TEXT.replace(ROOT, ROOT[:-4]),
        TEXT.replace(ROOT, ROOT.replace(ROOT[5], "-")),
        TEXT.replace(ROOT, base64.b64encode(bytes(31)).decode()),
        TEXT.replace(ROOT, base64.b64encode(bytes(32)).decode()[:-2] + "B="),
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    """A size with a leading zero, spare bits in base64, an extension line: none is a checkpoint of ours."""
    with pytest.raises(LogCorrupt):
        Checkpoint.parse(text)


def test_impossible_checkpoints_are_refused() -> None:
    """No checkpoint is made with a name, size or root that could not be signed."""
    for origin, size, root in [("a b", 1, EMPTY_ROOT), (ORIGIN, -1, EMPTY_ROOT), (ORIGIN, 1, b"short")]:
        with pytest.raises(LogCorrupt):
            Checkpoint(origin, size, root)


def test_any_changed_byte_of_the_note_is_seen() -> None:
    """No byte of the text or of the signature can change."""
    note = Checkpoint.parse(TEXT).sign(SIGNER)

    for place in range(len(note)):
        damaged = note[:place] + bytes([note[place] ^ 1]) + note[place + 1 :]
        with pytest.raises(SignatureInvalid):
            open_checkpoint(damaged, SIGNER.verifier)


def test_another_key_does_not_count() -> None:
    """A checkpoint signed by a stranger, even under the same name, is not opened."""
    stranger = NoteSigner(ORIGIN, Secret(bytes([1]) * 32))

    with pytest.raises(SignatureInvalid):
        open_checkpoint(Checkpoint.parse(TEXT).sign(stranger), SIGNER.verifier)


def test_a_witness_beside_the_log_is_ignored() -> None:
    """Other keys' signatures, of witnesses for instance, may stand beside the log's own."""
    checkpoint = Checkpoint.parse(TEXT)
    witness = NoteSigner("witness.example", Secret(bytes([2]) * 32))
    cosigned = checkpoint.sign(SIGNER) + witness.signature_line(TEXT).encode()

    assert open_checkpoint(cosigned, SIGNER.verifier) == checkpoint


def test_a_log_speaks_for_itself_only() -> None:
    """A key neither signs nor vouches for the checkpoint of a log of another name."""
    other = TEXT.replace(ORIGIN, "callvault/other")
    with pytest.raises(LogCorrupt):
        Checkpoint.parse(other).sign(SIGNER)

    for text in (other, "no checkpoint\n"):
        with pytest.raises(LogCorrupt):
            open_checkpoint(signed(text), SIGNER.verifier)


def signed(text: str) -> bytes:
    """Sign any text with the log's key."""
    return SIGNER.sign(text).encode()
