"""An entry as the log holds it: one JSON object in the one form that RFC 8785 allows.

The members are ASCII words in ascending order; the values are strings, whole numbers, true, false and null.
For those, RFC 8785 asks for exactly what msgspec writes (sorted members, no white space, the shortest
escapes, UTF-8), which is what lets a log of millions be recomputed in seconds. The tests compare it with the
`rfc8785` library, which also writes what is too free in shape for this, as a detail row may be.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
import rfc8785

from vault.audit.bundle import MAX_ENTRY_BYTES
from vault.errors import LogCorrupt

Fact = str | int | bool | None

SAFE_INTEGER = (1 << 53) - 1  # RFC 8785, 3.2.2.3 with RFC 7493, 2.2: beyond it a reader may lose digits
MIN_SALT_BYTES = 16  # 128 bits, so that a guessed detail row can't be tried against the log

_ACTION = re.compile(r"[a-z0-9_]{1,64}\.[a-z0-9_]{1,64}")
_WORD = re.compile(r"[a-z0-9_]{1,64}")
# No space, quote or control character: an id can't be mistaken for anything where it is printed.
_ACTOR = re.compile(r"[A-Za-z0-9._:/-]{1,128}")
_WORDS = (_ACTION, _ACTOR, _WORD, _WORD)
# Newer Pythons read 24:00 as midnight of the next day, which would be a second spelling.
_SECOND = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?!24)[0-9]{2}:[0-9]{2}:[0-9]{2}")
_SECOND_CHARACTERS = 19
# Of several entries, one after the other; the lengths of each are checked by its type.
_KEYS = re.compile(r"[a-z0-9_]*")
_RECORDINGS = re.compile(r"[A-Za-z0-9]*")
_FRACTIONS = re.compile(r"(?:\.[0-9]{6}Z)*")

_Time = Annotated[str, msgspec.Meta(min_length=27, max_length=27)]
_Digest = Annotated[str, msgspec.Meta(min_length=64, max_length=64)]
_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_Key = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_Text = Annotated[str, msgspec.Meta(max_length=1024)]
_Integer = Annotated[int, msgspec.Meta(ge=-SAFE_INTEGER, le=SAFE_INTEGER)]


class CanonicalEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """The JSON object, member by member. The order of the fields is that of RFC 8785, 3.2.3."""

    action: str
    actor: str
    channel: str
    detail: _Digest | None
    facts: dict[_Key, _Integer | _Text | bool | None]
    index: Annotated[int, msgspec.Meta(ge=0, le=SAFE_INTEGER)]
    outcome: str
    recording: _Id | None
    time: _Time


_PLAIN = frozenset((str, bool))
"""Of what the values of nearly every detail row are."""

_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(CanonicalEntry)


def write_canonical(entry: CanonicalEntry) -> bytes:
    """Return the entry's bytes; raise `LogCorrupt` for one that `read_canonical` would refuse."""
    try:
        data = _encoder.encode(entry)
    except (ValueError, TypeError, OverflowError) as error:
        raise LogCorrupt("an entry holds what canonical JSON can't express") from error
    read_canonical(data)
    return data


def read_canonical(data: bytes) -> CanonicalEntry:
    """Read an entry's bytes; raise `LogCorrupt` unless they are exactly what `write_canonical` gives."""
    return read_canonical_run((data,))[0]


def read_canonical_run(run: Sequence[bytes]) -> list[CanonicalEntry]:
    """Read many entries at once, which is faster; raise `LogCorrupt` when any of them would be refused."""
    if any(len(data) > MAX_ENTRY_BYTES for data in run):
        raise LogCorrupt(f"an entry has more than {MAX_ENTRY_BYTES} bytes")
    lines = b"".join([data + b"\n" for data in run])
    try:
        entries = _decoder.decode_lines(lines)
        _check(entries)
    except ValueError as error:  # msgspec's own errors are among them
        raise LogCorrupt("an entry is not of the expected form") from error
    # Canonical JSON has no bare newline. So with as many entries as members of the run, and the same bytes,
    # each member was one whole line.
    if len(entries) != len(run) or _encoder.encode_lines(entries) != lines:
        raise LogCorrupt("an entry is not in canonical form")
    return entries


def detail_digest(salt: bytes, detail: Mapping[str, object]) -> str:
    """Return the SHA-256 of `salt` and the detail row's canonical JSON, in hex; raise `LogCorrupt`.

    Once salt and row are erased, the digest says nothing about them. `salt` has 16 bytes or more.
    """
    if len(salt) < MIN_SALT_BYTES:
        raise ValueError(f"a salt has {MIN_SALT_BYTES} bytes or more")
    try:
        row = _canonical_row(detail)
    except ValueError as error:
        raise LogCorrupt("a detail row holds what canonical JSON can't express") from error
    return hashlib.sha256(salt + row).hexdigest()


def _canonical_row(detail: Mapping[str, object]) -> bytes:
    """Write a row: as entries are written if it is as plain, which is several times as fast."""
    if _PLAIN.issuperset(map(type, detail.values())) and "".join(detail).isascii():
        return _encoder.encode(detail)
    # Its type is narrower than the mapping's; it refuses what it can't write.
    return rfc8785.dumps(dict(detail))  # type: ignore[arg-type]  # see above


def _check(entries: list[CanonicalEntry]) -> None:
    """Refuse, by `ValueError`, what the types alone let through.

    Texts of all entries are joined and looked at once, which is what makes a run fast.
    """
    for words in {(e.action, e.actor, e.channel, e.outcome) for e in entries}:
        if not all(pattern.fullmatch(word) for pattern, word in zip(_WORDS, words, strict=True)):
            raise ValueError("not an action, actor, channel or outcome")
    # ASCII keys sort alike by UTF-16 (RFC 8785, 3.2.3) and by code point (msgspec).
    if not _KEYS.fullmatch("".join(["".join(e.facts) for e in entries])):
        raise ValueError("not the keys of facts")
    if not _RECORDINGS.fullmatch("".join([e.recording for e in entries if e.recording is not None])):
        raise ValueError("not the id of a recording")
    digests = "".join([e.detail for e in entries if e.detail is not None])
    if bytes.fromhex(digests).hex() != digests:
        raise ValueError("not a digest")
    _check_times([e.time for e in entries])


def _check_times(times: list[str]) -> None:
    for second in {time[:_SECOND_CHARACTERS] for time in times}:
        if not _SECOND.fullmatch(second):
            raise ValueError("not a time of the log")
        datetime.fromisoformat(second)  # refuses the 30th of February
    if not _FRACTIONS.fullmatch("".join([time[_SECOND_CHARACTERS:] for time in times])):
        raise ValueError("not a time of the log")
