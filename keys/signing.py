"""Signed notes with Ed25519.

C2SP signed-note; Ed25519 is signature type 0x01, signing as in RFC 8032.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from keys.errors import SignatureInvalid
from keys.secret import Secret

SEED_BYTES = 32
MAX_SIGNATURES = 16  # C2SP signed-note, "Format": the least that a verifier must take
MAX_NOTE_BYTES = 256 * 1024  # room for 16 post-quantum signatures of 5 kB and a text
_ED25519 = b"\x01"
_KEY_BYTES = 32
_KEY_ID_BYTES = 4
_DASH = "\N{EM DASH} "


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: whose it claims to be, and the signature."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A well-formed note. Nothing in it is to be believed before a verifier has taken it."""

    text: str
    signatures: tuple[NoteSignature, ...]

    @classmethod
    def parse(cls, note: bytes) -> Note:
        """Take a note apart; raise `SignatureInvalid` when it is not formed as specified."""
        if len(note) > MAX_NOTE_BYTES:
            raise SignatureInvalid(f"a note is at most {MAX_NOTE_BYTES} bytes long")
        try:
            whole = note.decode("utf-8")
        except UnicodeDecodeError:
            raise SignatureInvalid("the note is not UTF-8") from None
        _require_plain(whole)
        # The last empty line parts text and signatures, so the text may hold empty lines itself.
        text, separator, lines = whole.rpartition("\n\n")
        if not separator or not lines.endswith("\n"):
            raise SignatureInvalid("the note carries no signatures")
        signature_lines = lines[:-1].split("\n")
        if len(signature_lines) > MAX_SIGNATURES:
            raise SignatureInvalid(f"the note carries more than {MAX_SIGNATURES} signatures")
        return cls(text + "\n", tuple(_parse_line(line) for line in signature_lines))


class NoteSigner:
    """Signs notes under a name with an Ed25519 key made from a 32-byte seed.

    Raises `ValueError` for a name that can't be a key name or a seed of another length.
    """

    def __init__(self, name: str, seed: Secret) -> None:
        if not _is_key_name(name):
            raise ValueError("a key name is not empty and has no spaces, plus or control characters")
        if len(seed) != SEED_BYTES:
            raise ValueError(f"a signing seed is {SEED_BYTES} bytes long")
        self._key = Ed25519PrivateKey.from_private_bytes(seed.reveal())
        self._verifier = NoteVerifier(name, self._key.public_key().public_bytes_raw())

    @property
    def verifier_key(self) -> str:
        """The public key as text, for whoever verifies: `name+id+key`."""
        return self._verifier.verifier_key

    @property
    def verifier(self) -> NoteVerifier:
        """The verifier of this signer's notes."""
        return self._verifier

    def sign(self, text: str) -> str:
        """Return the whole note. Raises `ValueError` for a text that a note can't hold."""
        return f"{text}\n{self.signature_line(text)}"

    def signature_line(self, text: str) -> str:
        """Return one signature line, with its newline, to add to a note of that text."""
        if not text.endswith("\n"):
            raise ValueError("a note's text ends with a newline")
        try:
            _require_plain(text)
        except SignatureInvalid as error:
            raise ValueError(str(error)) from None
        signature = self._verifier.key_id + self._key.sign(text.encode("utf-8"))
        return f"{_DASH}{self._verifier.name} {base64.b64encode(signature).decode('ascii')}\n"


@dataclass(frozen=True, slots=True)
class NoteVerifier:
    """Verifies the notes of one Ed25519 key."""

    name: str
    public_key: bytes

    @classmethod
    def parse(cls, verifier_key: str) -> NoteVerifier:
        """Read a verifier key, `name+id+key`; raise `SignatureInvalid` when it is malformed."""
        # The key's base64 may hold a plus itself; name and id can't.
        name, _, rest = verifier_key.partition("+")
        _, _, encoded = rest.partition("+")
        key = _decode(encoded)
        if key[:1] != _ED25519 or len(key) != 1 + _KEY_BYTES or not _is_key_name(name):
            raise SignatureInvalid("this is not a verifier key for Ed25519 notes")
        verifier = cls(name, key[1:])
        if verifier.verifier_key != verifier_key:
            raise SignatureInvalid("the verifier key's id does not belong to its name and key")
        return verifier

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name ‖ newline ‖ type ‖ public key)."""
        described = self.name.encode("utf-8") + b"\n" + _ED25519 + self.public_key
        return hashlib.sha256(described).digest()[:_KEY_ID_BYTES]

    @property
    def verifier_key(self) -> str:
        """The text that `parse` reads."""
        encoded = base64.b64encode(_ED25519 + self.public_key).decode("ascii")
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    def verify(self, note: bytes) -> str:
        """Return the text of a note that this key signed; other keys' signatures are ignored.

        Raises `SignatureInvalid` when it is malformed, not signed by this key, or wrongly so.
        """
        parsed = Note.parse(note)
        ours = [s for s in parsed.signatures if (s.name, s.key_id) == (self.name, self.key_id)]
        if not ours:
            raise SignatureInvalid(f"the note is not signed by {self.name}")
        key = Ed25519PublicKey.from_public_bytes(self.public_key)
        for signature in ours:
            try:
                key.verify(signature.signature, parsed.text.encode("utf-8"))
            except InvalidSignature:
                raise SignatureInvalid(f"the note's signature by {self.name} is wrong") from None
        return parsed.text


def _parse_line(line: str) -> NoteSignature:
    if not line.startswith(_DASH):
        raise SignatureInvalid("a signature line does not begin with an em dash and a space")
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    signature = _decode(encoded)
    if not _is_key_name(name) or len(signature) <= _KEY_ID_BYTES:
        raise SignatureInvalid("a signature line is malformed")
    return NoteSignature(name, signature[:_KEY_ID_BYTES], signature[_KEY_ID_BYTES:])


def _require_plain(text: str) -> None:
    if any(character < " " and character != "\n" for character in text):
        raise SignatureInvalid("a note holds no control characters but newlines")
    if any(map(_is_surrogate, text)):
        raise SignatureInvalid("a note is UTF-8 text")


def _is_key_name(name: str) -> bool:
    return bool(name) and not any(c.isspace() or c < " " or c == "+" or _is_surrogate(c) for c in name)


def _is_surrogate(character: str) -> bool:
    # Python's strings may hold them alone; UTF-8 can't.
    return "\ud800" <= character <= "\udfff"


def _decode(encoded: str) -> bytes:
    """Decode base64 in its one canonical form; nothing when it is another."""
    try:
        decoded = base64.b64decode(encoded.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return b""
    return decoded if base64.b64encode(decoded).decode("ascii") == encoded else b""
