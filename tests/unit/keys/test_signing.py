"""Signed notes: the specification's example, and everything that only looks like a note."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.errors import SignatureInvalid
from keys.secret import Secret
from keys.signing import MAX_NOTE_BYTES, Note, NoteSigner, NoteVerifier

# C2SP signed-note, "Example".
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE_TEXT = "This is an example message.\n"
EXAMPLE = (
    f"{EXAMPLE_TEXT}\n\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYj"
    "OBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()

SIGNER = NoteSigner("log.example/v", Secret(bytes(range(32))))
VERIFIER = NoteVerifier.parse(SIGNER.verifier_key)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.just("\n")).map(
    lambda t: t + "\n"
)
STRANGER = "\u2014 stranger.example AAAAAAAA\n"


def test_the_example_of_the_specification_verifies() -> None:
    """A note made by other software is taken, and its key is written as it was read."""
    verifier = NoteVerifier.parse(EXAMPLE_KEY)

    assert verifier.verify(EXAMPLE) == EXAMPLE_TEXT
    assert verifier.verifier_key == EXAMPLE_KEY


def test_the_signature_is_the_same_for_ever() -> None:
    """Ed25519 is deterministic (RFC 8032): key and note of a known seed do not change."""
    public_key = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"

    assert VERIFIER.public_key.hex() == public_key
    assert SIGNER.sign("a\n") == SIGNER.sign("a\n")
    assert SIGNER.verifier == VERIFIER


@settings(deadline=None)
@given(TEXTS)
def test_what_was_signed_verifies(text: str) -> None:
    """Any text comes back as it was, empty lines and lines like signatures included."""
    assert VERIFIER.verify(SIGNER.sign(text).encode()) == text


@settings(deadline=None)
@given(text=TEXTS, data=st.data())
def test_any_change_is_refused(text: str, data: st.DataObject) -> None:
    """A changed bit anywhere in the note is found."""
    note = bytearray(SIGNER.sign(text).encode())
    bit = data.draw(st.integers(0, len(note) * 8 - 1))
    note[bit // 8] ^= 1 << bit % 8

    with pytest.raises(SignatureInvalid):
        VERIFIER.verify(bytes(note))


@settings(deadline=None)
@given(st.binary())
def test_no_bytes_break_the_parser(note: bytes) -> None:
    """Whatever comes in is refused in one way."""
    with pytest.raises(SignatureInvalid):
        VERIFIER.verify(note)


def test_text_may_hold_empty_lines_and_false_signatures() -> None:
    """The last empty line parts text and signatures, so earlier ones are text."""
    text = f"poem\n\nby nobody\n\n{STRANGER}"

    assert VERIFIER.verify(SIGNER.sign(text).encode()) == text


def test_a_text_can_not_be_cut_at_an_earlier_empty_line() -> None:
    """A signature over a longer text does not sign its beginning."""
    long = SIGNER.sign("one\n\ntwo\n")
    line = long.rpartition("\n\n")[2]

    with pytest.raises(SignatureInvalid, match="wrong"):
        VERIFIER.verify(f"one\n\n{line}".encode())


def test_strangers_signatures_are_ignored() -> None:
    """Signatures of unknown keys, of our name with another id, or our id with another name."""
    ours = SIGNER.signature_line("a\n")
    same_name = NoteSigner("log.example/v", Secret(bytes(32))).signature_line("a\n")
    same_id = ours.replace("log.example/v", "other.example")
    note = f"a\n\n{STRANGER}{same_name}{ours}{same_id}"

    assert VERIFIER.verify(note.encode()) == "a\n"
    for without in (f"a\n\n{STRANGER}", f"a\n\n{same_name}{same_id}"):
        with pytest.raises(SignatureInvalid, match="not signed by"):
            VERIFIER.verify(without.encode())


def test_a_wrong_signature_of_ours_spoils_the_note() -> None:
    """Even beside a right one: C2SP, "Signatures", rejects the whole note."""
    right, wrong = SIGNER.signature_line("a\n"), SIGNER.signature_line("b\n")

    with pytest.raises(SignatureInvalid, match="wrong"):
        VERIFIER.verify(f"a\n\n{right}{wrong}".encode())


OURS = SIGNER.signature_line("a\n")
ENCODED = OURS.split(" ")[2].strip()


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"a\n",
        b"\n\n",
        b"a\n\n",
        f"a\n{OURS}".encode(),
        f"a\n\n{OURS}"[:-1].encode(),
        f"a\n\n{OURS}\n".encode(),
        f"a\r\n\r\n{OURS}".encode(),
        f"a\n\n{OURS}".replace("\u2014", "-").encode(),
        f"a\n\n{OURS}".replace("\u2014 ", "\u2014").encode(),
        f"a\n\n{OURS}junk\n".encode(),
        f"a\n\n{OURS}\u2014 x\n".encode(),
        f"a\n\n{OURS}\u2014 x AAAA\n".encode(),
        f"a\n\n{OURS}\u2014  AAAAAAAA\n".encode(),
        f"a\n\n{OURS}\u2014 x+y AAAAAAAA\n".encode(),
        f"a\n\n{OURS}\u2014 x\u00a0y AAAAAAAA\n".encode(),
        f"a\n\n{OURS}\u2014 x AAAAAAB=\n".encode(),
        f"a\n\n{OURS}\u2014 x AAAAAAA\n".encode(),
        f"a\n\n{OURS}\u2014 x \u00e4AAAAAA=\n".encode(),
        f"a\n\n\u2014 log.example/v {ENCODED} \n".encode(),
        f"a\0\n\n{OURS}".encode(),
        f"a\t\n\n{OURS}".encode(),
        f"a\n\n{OURS}".encode("utf-16"),
        f"a\n\n{OURS}".encode() + b"\xff",
        b"\xed\xa0\x80\n\n" + OURS.encode(),
        f"a\n\n{OURS}{STRANGER * 16}".encode(),
        b"a" * MAX_NOTE_BYTES + f"\n\n{OURS}".encode(),
    ],
)
def test_what_only_looks_like_a_note_is_refused(note: bytes) -> None:
    """Line ends, dashes, spaces, base64, control characters, counts and sizes: all strict."""
    with pytest.raises(SignatureInvalid):
        VERIFIER.verify(note)


def test_sixteen_signatures_are_taken() -> None:
    """The least number that the specification asks a verifier to take."""
    note = f"a\n\n{STRANGER * 15}{OURS}".encode()

    assert VERIFIER.verify(note) == "a\n"
    assert len(Note.parse(note).signatures) == 16


def _key(name: str = "n", kind: bytes = b"\x01", key: bytes = bytes(32), key_id: str | None = None) -> str:
    real = NoteVerifier(name, key).key_id.hex()
    return f"{name}+{real if key_id is None else key_id}+{base64.b64encode(kind + key).decode()}"


@pytest.mark.parametrize(
    "verifier_key",
    [
        "",
        "name",
        "name+00000000",
        EXAMPLE_KEY.replace("530d903a", "530D903A"),
        EXAMPLE_KEY.replace("530d903a", "530d903b"),
        EXAMPLE_KEY.replace("foo", "bar"),
        EXAMPLE_KEY + "\n",
        " " + EXAMPLE_KEY,
        EXAMPLE_KEY[:-1],
        EXAMPLE_KEY + "=",
        _key(name=""),
        _key(name="a b"),
        _key(kind=b"\x02"),
        _key(key=bytes(31)),
        _key(key_id=""),
        _key(name="\n"),
    ],
)
def test_malformed_verifier_keys_are_refused(verifier_key: str) -> None:
    """A key whose id, type, length or name is not right is no key."""
    with pytest.raises(SignatureInvalid):
        NoteVerifier.parse(verifier_key)


def test_keys_whose_base64_holds_a_plus_are_read() -> None:
    """Name and id have no plus; the key may."""
    keys = (NoteSigner("n", Secret(bytes([n]) * 32)).verifier_key for n in range(256))
    verifier_key = next(key for key in keys if key.count("+") > 2)

    assert NoteVerifier.parse(verifier_key).verifier_key == verifier_key


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u2003b", "a\nb", "a\0", "\ud800"])
def test_names_that_no_note_can_hold_are_refused(name: str) -> None:
    """A signer never writes a line that its verifier would refuse."""
    with pytest.raises(ValueError, match="key name"):
        NoteSigner(name, Secret(bytes(32)))


@pytest.mark.parametrize("text", ["", "no newline", "a\tb\n", "a\rb\n", "\ud800\n"])
def test_texts_that_no_note_can_hold_are_not_signed(text: str) -> None:
    """A signer never signs what its verifier would refuse."""
    with pytest.raises(ValueError, match="note"):
        SIGNER.sign(text)


def test_a_seed_has_the_right_length() -> None:
    """A seed of another length is refused."""
    with pytest.raises(ValueError, match="32 bytes"):
        NoteSigner("n", Secret(bytes(31)))
