"""Entries: one canonical form (RFC 8785), read strictly."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from vault.audit.canonical import read_canonical_run
from vault.audit.entry import Entry, next_time, time_text
from vault.errors import LogCorrupt

NOON = datetime(2026, 11, 22, 12, 0, 0, 123456, UTC)
ENTRY = Entry(
    index=7,
    time=NOON,
    actor="k3j4h5",
    action="recording.opened",
    outcome="done",
    channel="http",
    recording="r1",
    facts={"bytes": 5, "again": True, "note": "å\n\x7f\u2028😀", "none": None},
    detail="0a" * 32,
)
CANONICAL = ENTRY.encode()

words = st.from_regex(r"[a-z0-9_]{1,64}", fullmatch=True)
facts = st.dictionaries(
    words,
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=40),
    max_size=5,
)
entries = st.builds(
    Entry,
    index=st.integers(0, 2**53 - 1),
    time=st.datetimes(timezones=st.just(UTC)),
    actor=st.from_regex(r"[A-Za-z0-9._:/-]{1,128}", fullmatch=True),
    action=st.from_regex(r"[a-z0-9_]{1,64}\.[a-z0-9_]{1,64}", fullmatch=True),
    outcome=words,
    channel=words,
    recording=st.none() | st.from_regex(r"[A-Za-z0-9]{1,64}", fullmatch=True),
    facts=facts,
    detail=st.none() | st.binary(min_size=32, max_size=32).map(bytes.hex),
)


def as_object(entry: Entry) -> dict[str, object]:
    """Return the JSON object that the entry is, by the names of the contract."""
    return {
        "index": entry.index,
        "time": entry.time.strftime("%Y-%m-%dT%H:%M:%S.%fZ").zfill(27),
        "actor": entry.actor,
        "action": entry.action,
        "recording": entry.recording,
        "outcome": entry.outcome,
        "channel": entry.channel,
        "facts": dict(entry.facts),
        "detail": entry.detail,
    }


def changed(**members: object) -> bytes:
    """Return the canonical bytes of the example with other members."""
    return rfc8785.dumps(as_object(ENTRY) | members)  # type: ignore[arg-type]  # its type is narrower


@settings(deadline=None)
@given(entries)
def test_encoding_is_canonical(entry: Entry) -> None:
    """The fast encoding is byte for byte that of RFC 8785, and comes back as the same entry."""
    data = entry.encode()

    assert data == rfc8785.dumps(as_object(entry))  # type: ignore[arg-type]  # its type is narrower
    assert Entry.decode(data) == entry


def test_the_form_of_an_entry() -> None:
    """The bytes are what the documentation shows: outside readers rely on each of them."""
    plain = replace(ENTRY, facts={"bytes": 5}, time=NOON.replace(microsecond=0))

    assert plain.encode().decode() == (
        '{"action":"recording.opened","actor":"k3j4h5","channel":"http","detail":"' + "0a" * 32 + '",'
        '"facts":{"bytes":5},"index":7,"outcome":"done","recording":"r1","time":"2026-11-22T12:00:00.000000Z"}'
    )


@pytest.mark.parametrize(
    "members",
    [
        {"index": -1},
        {"index": "7"},
        {"index": True},
        {"index": 7.5},
        {"actor": ""},
        {"actor": "a b"},
        {"actor": 'a"b'},
        {"actor": "a\nb"},
        {"actor": "å"},
        {"actor": "a" * 129},
        {"actor": None},
        {"action": "opened"},
        {"action": "recording.opened.twice"},
        {"action": "Recording.opened"},
        {"action": "recording.opened\n"},
        {"outcome": ""},
        {"outcome": "don e"},
        {"channel": "h" * 65},
        {"recording": ""},
        {"recording": "r-1"},
        {"recording": "ré"},
        {"recording": 1},
        {"recording": "r" * 65},
        {"facts": None},
        {"facts": []},
        {"facts": {"bytes": 1.5}},
        {"facts": {"bytes": [1]}},
        {"facts": {"bytes": {"a": 1}}},
        {"facts": {"": 1}},
        {"facts": {"Bytes": 1}},
        {"facts": {"b ytes": 1}},
        {"facts": {"a" * 65: 1}},
        {"facts": {"note": "x" * 1025}},
        {"facts": {f"k{number}": "x" * 1024 for number in range(70)}},
        {"detail": ""},
        {"detail": "0a" * 31},
        {"detail": "0A" * 32},
        {"detail": "0g" * 32},
        {"detail": "a " * 32},
        {"detail": "é" * 64},
        {"time": "2026-11-22T12:00:00Z"},
        {"time": "2026-11-22T12:00:00.123Z"},
        {"time": "2026-11-22T12:00:00.123456+"},
        {"time": "2026-11-22 12:00:00.123456Z"},
        {"time": "2026-11-22T12:00:00,123456Z"},
        {"time": "2026-13-22T12:00:00.123456Z"},
        {"time": "2026-02-30T12:00:00.123456Z"},
        {"time": "2026-11-22T24:00:00.000000Z"},
        {"time": "2026-11-22T12:60:00.000000Z"},
        {"time": "2026-11-22T12:00:00.12345٣Z"},
        {"time": "0000-11-22T12:00:00.123456Z"},
        {"time": "2026-W47-7T12:00:00.123456Z"},
        {"name": "Ms Example"},
    ],
)
def test_wrong_members_are_refused(members: dict[str, object]) -> None:
    """An entry of the right form but with a member that the log can't hold is not read."""
    with pytest.raises(LogCorrupt):
        Entry.decode(changed(**members))


@pytest.mark.parametrize("name", list(as_object(ENTRY)))
def test_no_member_may_lack(name: str) -> None:
    """Every member is there, if only as null: what is left out can't be mistaken for a default."""
    members = as_object(ENTRY)
    del members[name]

    with pytest.raises(LogCorrupt):
        Entry.decode(rfc8785.dumps(members))  # type: ignore[arg-type]  # its type is narrower


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"null",
        b"[]",
        b"{}",
        b"\xff",
        CANONICAL[:-1],
        CANONICAL + b"\n",
        CANONICAL + b" ",
        CANONICAL + CANONICAL,
        CANONICAL + b"\n" + CANONICAL,
        b" " + CANONICAL,
        b"\xef\xbb\xbf" + CANONICAL,
        CANONICAL.replace(b":7,", b": 7,"),
        CANONICAL.replace(b":7,", b":07,"),
        CANONICAL.replace(b":7,", b":7.0,"),
        CANONICAL.replace(b":7,", b":7e0,"),
        CANONICAL.replace(b'"bytes":5', b'"bytes":-0'),
        CANONICAL.replace(b'"bytes":5', b'"bytes":5,"bytes":5'),
        CANONICAL.replace(b'"bytes":5', b'"bytes":9007199254740992'),
        CANONICAL.replace(b'"http"', b'"\\u0068ttp"'),
        CANONICAL.replace("å".encode(), b"\\u00e5"),
        CANONICAL.replace("å".encode(), b"\\ud800"),
        CANONICAL.replace("å".encode(), b"\xed\xa0\x80"),
        CANONICAL.replace("å".encode(), b"\xff"),
        CANONICAL.replace(b"\\n", b"\n"),
        CANONICAL.replace(b"\\n", b"\\u000a"),
        b"[" * 100_000,
        CANONICAL.replace(b'"bytes":5', b'"bytes":' + b"[" * 50_000),
        json.dumps(as_object(ENTRY), separators=(",", ":"), ensure_ascii=False).encode(),
    ],
)
def test_other_spellings_are_refused(data: bytes) -> None:
    """The same content in another spelling is another entry to the tree, so it is none."""
    with pytest.raises(LogCorrupt):
        Entry.decode(data)


@settings(deadline=None)
@given(st.integers(0, len(CANONICAL) - 1), st.integers(0, 255))
def test_any_changed_byte_is_seen(place: int, value: int) -> None:
    """A changed byte gives a refusal or another entry, never the same one and never another error."""
    data = CANONICAL[:place] + bytes([value]) + CANONICAL[place + 1 :]
    try:
        read = Entry.decode(data)
    except LogCorrupt:
        return

    assert read.encode() == data
    assert (read == ENTRY) == (data == CANONICAL)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_rubbish_is_refused_alike(data: bytes) -> None:
    """Whatever bytes lie in the log's place, the answer is the one error."""
    with pytest.raises(LogCorrupt):
        Entry.decode(data)


@pytest.mark.parametrize("split", [1, 40, 100, len(CANONICAL) - 1])
def test_a_run_is_read_entry_by_entry(split: int) -> None:
    """Bytes that only make sense joined with their neighbours are refused in a run too."""
    two = CANONICAL + b"\n" + CANONICAL
    runs = [
        [CANONICAL[:split], CANONICAL[split:]],
        [two, b""],
        [b"", two],
        [two[:split], two[split:]],
        [CANONICAL, CANONICAL[:split]],
    ]

    for run in runs:
        with pytest.raises(LogCorrupt):
            read_canonical_run(run)
    assert len(read_canonical_run([CANONICAL] * 3)) == 3
    assert read_canonical_run([]) == []


@pytest.mark.parametrize(
    "entry",
    [
        replace(ENTRY, facts={"ratio": 0.5}),  # type: ignore[dict-item]  # the mistake under test
        replace(ENTRY, facts={"note": "\ud800"}),
        replace(ENTRY, facts={"count": 2**53}),
        replace(ENTRY, facts={"count": 2**70}),
        replace(ENTRY, facts={"Key": 1}),
        replace(ENTRY, index=-1),
        replace(ENTRY, actor="Ms Example"),
        replace(ENTRY, facts={f"k{number}": "\x01" * 1024 for number in range(11)}),
        replace(ENTRY, facts={"raw": object()}),  # type: ignore[dict-item]  # the mistake under test
    ],
)
def test_nothing_is_written_that_would_not_be_read(entry: Entry) -> None:
    """An entry that `decode` would refuse never reaches the log."""
    with pytest.raises(LogCorrupt):
        entry.encode()


def test_time_is_written_in_utc() -> None:
    """Whatever zone a time comes in, the log says it in UTC; without a zone it is refused."""
    berlin = NOON.astimezone(timezone(timedelta(hours=1)))

    assert time_text(berlin) == time_text(NOON) == "2026-11-22T12:00:00.123456Z"
    with pytest.raises(ValueError, match="time zone"):
        time_text(NOON.replace(tzinfo=None))


def test_time_never_goes_back() -> None:
    """A clock that is set back stops the log's time rather than turning it."""
    later = NOON + timedelta(microseconds=1)

    assert next_time(NOON, None) == NOON
    assert next_time(later, NOON) == later
    assert next_time(NOON, later) == later
