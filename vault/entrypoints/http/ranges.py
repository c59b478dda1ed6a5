"""Byte ranges and preconditions of a recording (RFC 9110, sections 13 and 14).

One range is served as 206. Several, or what is no byte range, are served whole: a server may ignore Range.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from vault.entrypoints.http.refusals import PreconditionFailed
from vault.errors import RangeUnsatisfiable

_SINGLE = re.compile(r"bytes\s*=\s*(\d{0,18})-(\d{0,18})", re.IGNORECASE | re.ASCII)
_ENTITY_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')


@dataclass(frozen=True, slots=True)
class Span:
    """The plaintext bytes [start, stop) of `total`; `partial` if a range was asked for and is served."""

    start: int
    stop: int
    total: int
    partial: bool

    @property
    def length(self) -> int:
        """How many bytes are served."""
        return self.stop - self.start

    @property
    def content_range(self) -> str:
        """The value of Content-Range (RFC 9110, 14.4)."""
        return f"bytes {self.start}-{self.stop - 1}/{self.total}"


def requested_span(headers: Mapping[str, str], etag: str, total: int) -> Span:
    """Return what a GET asks for; raise `RangeUnsatisfiable` for a range that begins beyond the end.

    A Range counts only if its If-Range is absent or the very entity tag: a date, or a weak tag, never fits.
    """
    whole = Span(0, total, total, partial=False)
    match = _SINGLE.fullmatch(headers.get("Range", "").strip())
    if match is None or headers.get("If-Range", etag).strip() != etag:
        return whole
    first, last = match[1], match[2]
    if not first and not last:
        return whole
    if not first:
        start, stop = max(0, total - int(last)), total
    else:
        start, stop = int(first), min(int(last) + 1, total) if last else total
        if last and int(last) < int(first):
            return whole  # invalid, hence ignored (RFC 9110, 14.1.1)
    if start >= total:
        raise RangeUnsatisfiable(total)
    return Span(start, stop, total, partial=True)


def must_match(headers: Mapping[str, str], etag: str) -> None:
    """Raise `PreconditionFailed` if an If-Match does not name the entity tag (RFC 9110, 13.1.1)."""
    wanted = headers.get("If-Match")
    if wanted is not None and wanted.strip() != "*" and etag not in _ENTITY_TAG.findall(wanted):
        raise PreconditionFailed("If-Match: the recording's entity tag is another")


def is_known(headers: Mapping[str, str], etag: str) -> bool:
    """Say whether an If-None-Match names the entity tag, by weak comparison (RFC 9110, 13.1.2)."""
    known = headers.get("If-None-Match")
    if known is None:
        return False
    return known.strip() == "*" or etag in {tag.removeprefix("W/") for tag in _ENTITY_TAG.findall(known)}
