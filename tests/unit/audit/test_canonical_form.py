"""The fast reading of entries accepts exactly what a slow and plain one does, which is written down here."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from vault.audit.canonical import read_canonical, read_canonical_run, write_canonical
from vault.errors import LogCorrupt

PLAIN: dict[str, Any] = {
    "action": "recording.opened",
    "actor": "k3:j",
    "channel": "http",
    "detail": "0a" * 32,
    "facts": {"bytes": 5, "again": True, "note": "å\n\x7f😀", "none": None},
    "index": 7,
    "outcome": "done",
    "recording": "r1",
    "time": "2026-11-22T12:00:00.123456Z",
}
WORD = r"[a-z0-9_]{1,64}"
FORMS = {
    "action": rf"{WORD}\.{WORD}",
    "actor": r"[A-Za-z0-9._:/-]{1,128}",
    "channel": WORD,
    "detail": r"[0-9a-f]{64}",
    "outcome": WORD,
    "recording": r"[A-Za-z0-9]{1,64}",
    "time": r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z",
}
MAY_BE_NULL = ("detail", "recording")
TIMES = (
    "2026-11-22T12:00:00.000000Z",
    "2026-11-22T12:00:00.100000Z",
    "0001-01-01T00:00:00.000001Z",
    "9999-12-31T23:59:59.999999Z",
    "2024-02-29T12:00:00.123456Z",
    "2023-02-29T12:00:00.123456Z",
    "2026-11-22T12:00:00Z",
    "2026-11-22T12:00:00.1234567Z",
    "2026-11-22T24:00:00.000000Z",
    "2026-11-22T23:59:60.000000Z",
    "2026-11-22T12:00:00.123456",
    "2026-11-22T12:00:00.123456+00:00",
    "2026-11-22T12:00:00.123456+01:00",
    "2026-11-22T12:00:00.123456z",
    "2026-11-22t12:00:00.123456Z",
    "2026-11-22 12:00:00.123456Z",
    "0000-01-01T00:00:00.000000Z",
)
VALUES: tuple[Any, ...] = (
    0,
    -1,
    2**53 - 1,
    2**53,
    1.5,
    True,
    None,
    "",
    "a",
    "A",
    "é",
    "a" * 65,
    "x" * 1024,
    "x" * 1025,
    [],
    {},
)

values = st.sampled_from((*VALUES, *TIMES)) | st.text(max_size=8) | st.integers(-(2**60), 2**60)
fact_maps = st.dictionaries(
    st.sampled_from(("a", "b_1", "k" * 64, "k" * 65, "", "A", "é")), values, max_size=3
)
objects = st.builds(
    lambda *changes: {**PLAIN, **{name: value for change in changes for name, value in change.items()}},
    st.fixed_dictionaries({}, optional={"time": st.sampled_from(TIMES)}),
    st.fixed_dictionaries({}, optional={"facts": fact_maps}),
    st.dictionaries(st.sampled_from((*PLAIN, "more")), values, max_size=1),
)


def is_canonical(data: bytes) -> bool:
    """Say slowly whether bytes are an entry: right in every member, and written as RFC 8785 asks."""
    try:
        read = json.loads(data)
        return _fits(read) and rfc8785.dumps(read) == data
    except (ValueError, RecursionError):
        return False


def _fits(read: Any) -> bool:  # noqa: ANN401 - whatever JSON it was
    if not isinstance(read, dict) or read.keys() != PLAIN.keys():
        return False
    index, facts = read["index"], read["facts"]
    if type(index) is not int or not 0 <= index < 2**53 or not isinstance(facts, dict):
        return False
    if not all(re.fullmatch(WORD, key) and _is_fact(value) for key, value in facts.items()):
        return False
    texts = {name: read[name] for name in FORMS if not (name in MAY_BE_NULL and read[name] is None)}
    if not all(isinstance(text, str) and re.fullmatch(FORMS[name], text) for name, text in texts.items()):
        return False
    datetime.fromisoformat(read["time"])
    return True


def _is_fact(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= 1024
    return value is None or type(value) is bool or (type(value) is int and abs(value) < 2**53)


def accepts(data: bytes) -> bool:
    """Say whether the vault reads it; what it reads it also writes as the same bytes."""
    try:
        entry = read_canonical(data)
    except LogCorrupt:
        return False
    assert write_canonical(entry) == data
    return True


def written(read: dict[str, Any]) -> bytes:
    """Write as RFC 8785 asks, or nearly, where it can't be."""
    try:
        return rfc8785.dumps(read)
    except ValueError:
        return json.dumps(read, sort_keys=True, separators=(",", ":")).encode()


@settings(deadline=None, max_examples=400)
@given(objects)
def test_members_are_judged_alike(read: dict[str, Any]) -> None:
    """Whatever a member holds, both readings agree on it."""
    data = written(read)

    assert accepts(data) == is_canonical(data)


@settings(deadline=None, max_examples=400)
@given(objects, st.data())
def test_spellings_are_judged_alike(read: dict[str, Any], draw: st.DataObject) -> None:
    """Whichever byte is put in, changed or left out, both readings agree on it."""
    data = written(read)
    place = draw.draw(st.integers(0, len(data)))
    byte = draw.draw(
        st.sampled_from([b"", *(bytes([each]) for each in b'{}[]",:0179abZT.+-\\u \n\teE\x00\xff\xc3')])
    )
    data = data[:place] + byte + data[place + draw.draw(st.integers(0, 1)) :]

    assert accepts(data) == is_canonical(data)


@settings(deadline=None)
@given(st.lists(objects.map(written), max_size=5))
def test_a_run_is_judged_as_its_entries_are(run: list[bytes]) -> None:
    """Entries read together are read as alone: one that can't be read spoils the run, nothing else."""
    try:
        entries = read_canonical_run(run)
    except LogCorrupt:
        assert not all(map(is_canonical, run))
    else:
        assert [write_canonical(entry) for entry in entries] == run
        assert all(map(is_canonical, run))
