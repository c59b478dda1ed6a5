"""Base64 without padding, canonical only.

C2SP age v1, "Conventions"; RFC 4648, sections 3.5 and 4.
"""

from __future__ import annotations

import binascii

from keys.errors import MalformedHeader


def encode(raw: bytes) -> str:
    """Return `raw` in base64 without padding."""
    return binascii.b2a_base64(raw, newline=False).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """Return the bytes that `text` encodes; raise `MalformedHeader` unless it is their one encoding."""
    try:
        raw = binascii.a2b_base64(text + "=" * (-len(text) % 4))
    except ValueError:
        raise MalformedHeader("base64 in the header can't be read") from None
    # The decoder skips what it doesn't know and drops trailing bits: encoding again shows both.
    if encode(raw) != text:
        raise MalformedHeader("base64 in the header is not canonical")
    return raw
