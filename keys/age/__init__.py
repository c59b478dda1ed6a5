"""The age file format, version 1 (https://c2sp.org/age), on `cryptography` alone.

A file is a header, which wraps the file key for each recipient, and a payload of chunks under that key. The
two may be kept apart: header ‖ payload is a valid file. There are no knobs.
"""

from keys.age.argon2id import PasswordIdentity, PasswordRecipient
from keys.age.file_key import FileKey
from keys.age.files import open_file, seal_file
from keys.age.header import open_header, reseal_header, seal_header, split_header
from keys.age.hybrid import HybridIdentity, HybridRecipient
from keys.age.layout import (
    CHUNK_BYTES,
    NONCE_BYTES,
    SEALED_CHUNK_BYTES,
    ChunkSpan,
    plaintext_bytes,
    sealed_bytes,
    span,
)
from keys.age.opening import PayloadOpener, open_stream
from keys.age.scrypt import ScryptIdentity
from keys.age.sealing import PayloadSealer
from keys.age.stanza import Identity, Recipient, Stanza
from keys.age.x25519 import X25519Identity, X25519Recipient

__all__ = [
    "CHUNK_BYTES",
    "NONCE_BYTES",
    "SEALED_CHUNK_BYTES",
    "ChunkSpan",
    "FileKey",
    "HybridIdentity",
    "HybridRecipient",
    "Identity",
    "PasswordIdentity",
    "PasswordRecipient",
    "PayloadOpener",
    "PayloadSealer",
    "Recipient",
    "ScryptIdentity",
    "Stanza",
    "X25519Identity",
    "X25519Recipient",
    "open_file",
    "open_header",
    "open_stream",
    "plaintext_bytes",
    "reseal_header",
    "seal_file",
    "seal_header",
    "sealed_bytes",
    "span",
    "split_header",
]
