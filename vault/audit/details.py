"""Detail rows: what lies beside an entry and can be erased, tied to it by a salted digest.

The digest is SHA-256 of the salt and the row's canonical JSON (RFC 8785), in hex. Once both are erased, it
says nothing about them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import msgspec
import rfc8785

from vault.errors import LogCorrupt

SALT_BYTES = 16  # 128 bits, so that a guessed row can't be tried against the log

_PLAIN = frozenset((str, bool))
"""Of what the values of nearly every row are."""

_encoder = msgspec.json.Encoder(order="deterministic")


def canonical_row(detail: Mapping[str, object]) -> bytes:
    """Write a row; raise `LogCorrupt` for one that canonical JSON can't express."""
    try:
        if _PLAIN.issuperset(map(type, detail.values())) and "".join(detail).isascii():
            return _encoder.encode(detail)  # as entries are written, which is several times as fast
        # Its type is narrower than the mapping's; it refuses what it can't write.
        return rfc8785.dumps(dict(detail))  # type: ignore[arg-type]  # see above
    except ValueError as error:
        raise LogCorrupt("a detail row holds what canonical JSON can't express") from error


def row_digest(salt: bytes, row: bytes) -> str:
    """Return the digest of a row that `canonical_row` wrote; raise `ValueError` for a salt below 16 bytes."""
    if len(salt) < SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes or more")
    return sha256(salt + row).hexdigest()


def detail_digest(salt: bytes, detail: Mapping[str, object]) -> str:
    """Return the digest of a row; raise as the two above."""
    return row_digest(salt, canonical_row(detail))


def kept_digests(salts: Sequence[Any], rows: Sequence[Any]) -> Sequence[str]:
    """Return the digests of rows as they are kept; of none if one isn't kept as `canonical_row` wrote it.

    A digest that is right proves that row and salt are those that were logged: the salt has one length.
    """
    try:
        if set(map(len, salts)) != {SALT_BYTES}:
            return ()
        return [sha256(salt + row.encode()).hexdigest() for salt, row in zip(salts, rows, strict=True)]
    except (AttributeError, TypeError, ValueError):  # one was erased, or is no bytes, or no text
        return ()


def is_logged(digest: str | None, salt: object, row: object) -> bool:
    """Say whether a row and its salt, as they are kept, are those that were logged.

    Rows were not always kept as they were hashed: what the JSON says counts then.
    """
    if not isinstance(salt, bytes) or not isinstance(row, str | bytes):
        return False
    if digest in kept_digests([salt], [row]):
        return True
    try:
        return digest == detail_digest(salt, msgspec.json.decode(row, type=dict[str, Any]))
    except (LogCorrupt, ValueError):  # what no log has written; msgspec's own errors are among them
        return False
