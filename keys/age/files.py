"""Whole age files that fit in memory: header ‖ payload.

C2SP age v1, "Encrypted file format".
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from keys.age.file_key import FileKey
from keys.age.header import open_header, seal_header, split_header
from keys.age.opening import open_stream
from keys.age.sealing import PayloadSealer
from keys.age.stanza import Identity, Recipient


def seal_file(plaintext: bytes, recipients: Sequence[Recipient]) -> bytes:
    """Return a small age file of `plaintext`; raises what `seal_header` raises."""
    file_key = FileKey.generate()
    sealer = PayloadSealer(file_key)
    return seal_header(file_key, recipients) + sealer.update(plaintext) + sealer.finish()


def open_file(data: bytes, identities: Sequence[Identity]) -> bytes:
    """Return the plaintext of a small age file, all of it authenticated.

    Raises `MalformedHeader`, `NoMatchingIdentity` or `PayloadCorrupt`.
    """
    header, payload = split_header(data)
    return b"".join(open_stream(open_header(header, identities), BytesIO(payload).read))
