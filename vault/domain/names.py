"""Names and ids: parsed once at a door, carried as types within."""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import NewType

from vault.errors import Invalid

RecordingId = NewType("RecordingId", str)
CustomerId = NewType("CustomerId", str)
CustomerName = NewType("CustomerName", str)
SourceId = NewType("SourceId", str)
SourceName = NewType("SourceName", str)
StaffId = NewType("StaffId", str)
StaffName = NewType("StaffName", str)
LinkId = NewType("LinkId", str)
GrantId = NewType("GrantId", str)
RequestId = NewType("RequestId", str)
SessionId = NewType("SessionId", str)
BlobKey = NewType("BlobKey", str)
Sha256 = NewType("Sha256", str)

# Crockford's base 32: no i, l, o, u, so an id read over the telephone arrives whole.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_ID_CHARACTERS = 20  # 100 bits, five a character
_ID_BYTES = 13  # a few bits over
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_ID_PREFIX = re.compile(rf"[{_ALPHABET}]{{1,{_ID_CHARACTERS}}}")
_SHA256_HEX = re.compile(r"[0-9a-f]{64}")


def new_id() -> str:
    """Return a random id of 20 characters (100 bits)."""
    bits = int.from_bytes(secrets.token_bytes(_ID_BYTES))
    return "".join(_ALPHABET[bits >> shift & 31] for shift in range(0, 5 * _ID_CHARACTERS, 5))


def parse_name(text: str) -> str:
    """Return the short name of a customer, source or person, lower case; raise `Invalid`.

    Names travel in URLs, file names and SFTP logins: letters, digits, dot, dash and underscore, 64 at most.
    """
    name = text.strip().lower()
    if not _NAME.fullmatch(name):
        raise Invalid(
            "a name has 1 to 64 letters (a-z), digits, dots, dashes or underscores, "
            "and begins and ends with a letter or digit"
        )
    return name


def name_or_nothing(text: str) -> str:
    """Return the short name presented, or the one that nobody has for what can't be a name."""
    try:
        return parse_name(text)
    except Invalid:
        return ""


def parse_id_prefix(text: str) -> str:
    """Return an id or the beginning of one; raise `Invalid`."""
    prefix = text.strip().lower()
    if not _ID_PREFIX.fullmatch(prefix):
        raise Invalid("an id has up to 20 letters and digits (no i, l, o, u)")
    return prefix


def parse_sha256(text: str) -> Sha256:
    """Return a SHA-256 as 64 lower-case hexadecimal digits; raise `Invalid`."""
    digest = text.strip().lower()
    if not _SHA256_HEX.fullmatch(digest):
        raise Invalid("a SHA-256 is written as 64 hexadecimal digits")
    return Sha256(digest)


def token_id(token: str) -> str:
    """Return the name under which a bearer token is stored: its SHA-256 in hex.

    Tokens carry 128 bits or more from `secrets`, so a plain digest can't be searched. What is no UTF-8
    (headers arrive with lone surrogates then) names nothing, but must not fail here.
    """
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
