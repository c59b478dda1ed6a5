"""Entry bundles: up to 256 entries in one file, each behind its length.

C2SP tlog-tiles, "Log entries".
"""

from __future__ import annotations

from collections.abc import Iterable

from vault.audit.tiles import TILE_WIDTH
from vault.errors import LogCorrupt

MAX_ENTRY_BYTES = 0xFFFF  # the length before an entry is an unsigned 16-bit number
_LENGTH_BYTES = 2


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """Put each entry behind its length, 2 bytes, big-endian; raise `LogCorrupt` for one too long."""
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise LogCorrupt(f"an entry has more than {MAX_ENTRY_BYTES} bytes")
        parts += (len(entry).to_bytes(_LENGTH_BYTES, "big"), entry)
    return b"".join(parts)


def decode_bundle(data: bytes) -> list[bytes]:
    """Cut a bundle apart; raise `LogCorrupt` when it is cut short or holds more than 256 entries."""
    entries: list[bytes] = []
    start = 0
    while start < len(data):
        body = start + _LENGTH_BYTES
        end = body + int.from_bytes(data[start:body], "big")
        if end > len(data) or len(entries) == TILE_WIDTH:
            raise LogCorrupt("an entry bundle is cut short or too long")
        entries.append(data[body:end])
        start = end
    return entries
