"""An entry as the log holds it: one JSON object in the one form that RFC 8785 allows.

The members are ASCII words in ascending order; the values are strings, whole numbers, true, false and null.
For those, RFC 8785 asks for exactly what msgspec writes (sorted members, no white space, the shortest
escapes, UTF-8), which is what lets a log of millions be recomputed in seconds: bytes are canonical if what
was read of them is written as the same bytes. The tests compare it with the `rfc8785` library.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import msgspec

from vault.audit.bundle import MAX_ENTRY_BYTES
from vault.errors import LogCorrupt

Fact = str | int | bool | None

SAFE_INTEGER = (1 << 53) - 1  # RFC 8785, 3.2.2.3 with RFC 7493, 2.2: beyond it a reader may lose digits

_ACTION = re.compile(r"[a-z0-9_]{1,64}\.[a-z0-9_]{1,64}")
_WORD = re.compile(r"[a-z0-9_]{1,64}")
# No space, quote or control character: an id can't be mistaken for anything where it is printed.
_ACTOR = re.compile(r"[A-Za-z0-9._:/-]{1,128}")
# Of several entries, one after the other; the length of each is checked by its type.
_RECORDINGS = re.compile(r"[A-Za-z0-9]*")

_Time = Annotated[datetime, msgspec.Meta(tz=True)]
_Digest = Annotated[str, msgspec.Meta(min_length=64, max_length=64)]
_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_Text = Annotated[str, msgspec.Meta(max_length=1024)]
_Integer = Annotated[int, msgspec.Meta(ge=-SAFE_INTEGER, le=SAFE_INTEGER)]


class CanonicalEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """The JSON object, member by member. The order of the fields is that of RFC 8785, 3.2.3."""

    action: str
    actor: str
    channel: str
    detail: _Digest | None
    facts: dict[str, _Integer | _Text | bool | None]
    index: Annotated[int, msgspec.Meta(ge=0, le=SAFE_INTEGER)]
    outcome: str
    recording: _Id | None
    time: _Time


_WHOLE_SECOND, _SAME_SECOND = b'Z"}', b'.000000Z"}'
"""How msgspec and the log end an entry, whose last member is its time, when that has no microseconds."""

_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(CanonicalEntry)


def write_canonical(entry: CanonicalEntry) -> bytes:
    """Return the entry's bytes; raise `LogCorrupt` for one that `read_canonical` would refuse."""
    try:
        data = _write(entry)
    except (ValueError, TypeError, OverflowError) as error:
        raise LogCorrupt("an entry holds what canonical JSON can't express") from error
    read_canonical(data)
    return data


def read_canonical(data: bytes) -> CanonicalEntry:
    """Read an entry's bytes; raise `LogCorrupt` unless they are exactly what `write_canonical` gives."""
    return read_canonical_run((data,))[0]


def read_canonical_run(run: Sequence[bytes]) -> list[CanonicalEntry]:
    """Read many entries at once, which is faster; raise `LogCorrupt` when any of them would be refused."""
    try:
        lines = _join(run)
        entries = _decoder.decode_lines(lines)
        _check(entries)
    except (ValueError, TypeError) as error:  # msgspec's own errors are among them
        raise LogCorrupt("an entry is not of the expected form") from error
    # Canonical JSON has no bare newline. So with as many entries as members of the run, and the same bytes,
    # each member was one whole line.
    if len(entries) != len(run) or _write_lines(entries) != lines:
        raise LogCorrupt("an entry is not in canonical form")
    return entries


def _write(entry: CanonicalEntry) -> bytes:
    data = _encoder.encode(entry)
    return data if entry.time.microsecond else data.removesuffix(_WHOLE_SECOND) + _SAME_SECOND


def _write_lines(entries: list[CanonicalEntry]) -> bytes:
    if 0 not in [entry.time.microsecond for entry in entries]:
        return _encoder.encode_lines(entries)
    return b"".join([_write(entry) + b"\n" for entry in entries])


def _join(run: Sequence[bytes]) -> bytes:
    """Return the run as lines; raise `LogCorrupt`, and `TypeError` for what is no bytes."""
    lines = b"\n".join((*run, b""))
    if max(map(len, run), default=0) > MAX_ENTRY_BYTES:
        raise LogCorrupt(f"an entry has more than {MAX_ENTRY_BYTES} bytes")
    return lines


def _check(entries: list[CanonicalEntry]) -> None:
    """Refuse, by `ValueError`, what the types alone let through.

    Texts of all entries are looked at together, each that comes again only once: a run is fast by that.
    """
    _must_fit(_ACTION, {entry.action for entry in entries})
    _must_fit(_ACTOR, {entry.actor for entry in entries})
    _must_fit(_WORD, {entry.channel for entry in entries})
    _must_fit(_WORD, {entry.outcome for entry in entries})
    # ASCII keys sort alike by UTF-16 (RFC 8785, 3.2.3) and by code point (msgspec).
    _must_fit(_WORD, set().union(*[entry.facts for entry in entries]))
    if not _RECORDINGS.fullmatch("".join([e.recording for e in entries if e.recording is not None])):
        raise ValueError("not the id of a recording")
    digests = "".join([entry.detail for entry in entries if entry.detail is not None])
    if bytes.fromhex(digests).hex() != digests:
        raise ValueError("not a digest")
    if not {entry.time.tzinfo for entry in entries} <= {UTC}:
        raise ValueError("not a time in UTC")


def _must_fit(pattern: re.Pattern[str], words: set[str]) -> None:
    if not all(map(pattern.fullmatch, words)):
        raise ValueError("not an action, actor, channel, outcome or key of facts")
