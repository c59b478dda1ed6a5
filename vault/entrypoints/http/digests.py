"""Content-Digest (RFC 9530): what a source says its bytes are, checked before the receipt."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence

from vault.entrypoints.http.refusals import FieldInvalid

_FIELD = "Content-Digest"
_ALGORITHMS = {"sha-256": ("sha256", 32), "sha-512": ("sha512", 64)}
# RFC 8941, 3.2: a dictionary of byte sequences. A member may carry parameters; none is defined here.
_MEMBER = re.compile(r"([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/=]*):(?:\s*;[^,]*)?", re.ASCII)
_MOST_CHARACTERS = 1024


def parse_content_digest(values: Sequence[str]) -> Mapping[str, bytes]:
    """Return the digests by hashlib name; algorithms we don't know are left out.

    Raise `FieldInvalid` for what is no dictionary of byte sequences, or a digest of the wrong length.
    """
    text = ", ".join(values)
    if len(text) > _MOST_CHARACTERS:
        raise FieldInvalid(_FIELD, f"at most {_MOST_CHARACTERS} characters")
    if not text.strip():
        return {}
    return dict(filter(None, map(_parse_member, text.split(","))))


def _parse_member(member: str) -> tuple[str, bytes] | None:
    match = _MEMBER.fullmatch(member.strip())
    if match is None:
        raise FieldInvalid(_FIELD, "members such as sha-256=:BASE64:")
    try:
        digest = base64.b64decode(match[2], validate=True)
    except (binascii.Error, ValueError):
        raise FieldInvalid(_FIELD, "digests in base64") from None
    known = _ALGORITHMS.get(match[1])
    if known is None:
        return None
    name, digest_bytes = known
    if len(digest) != digest_bytes:
        raise FieldInvalid(_FIELD, f"{match[1]} has {digest_bytes} bytes")
    return name, digest
