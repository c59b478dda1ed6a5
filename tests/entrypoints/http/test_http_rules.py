"""The door's small rules, apart from the network: addresses, ranges, fields, statuses."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from keys import errors as key_errors
from vault import errors
from vault.entrypoints.http import fields
from vault.entrypoints.http.addresses import Proxies, was_forwarded
from vault.entrypoints.http.file_names import disposition, parse_file_name
from vault.entrypoints.http.problems import STATUS, status_of
from vault.entrypoints.http.ranges import requested_span
from vault.entrypoints.http.refusals import FieldInvalid

PROXIES = Proxies.parse(("10.0.0.0/8", "2001:db8::/32", "127.0.0.1"))


@pytest.mark.parametrize(
    ("peer", "headers", "client"),
    [
        ("192.0.2.1", [("X-Forwarded-For", "198.51.100.7")], "192.0.2.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", [("X-Forwarded-For", "198.51.100.7")], "198.51.100.7"),
        ("10.0.0.1", [("X-Forwarded-For", "1.1.1.1, 198.51.100.7, 10.2.3.4")], "198.51.100.7"),
        ("10.0.0.1", [("X-Forwarded-For", "1.1.1.1"), ("X-Forwarded-For", "198.51.100.7")], "198.51.100.7"),
        ("10.0.0.1", [("X-Forwarded-For", "198.51.100.7:4711")], "198.51.100.7"),
        ("10.0.0.1", [("X-Forwarded-For", "1.1.1.1, not an address")], "10.0.0.1"),
        ("10.0.0.1", [("X-Forwarded-For", "10.0.0.9, 10.0.0.8")], "10.0.0.9"),
        ("10.0.0.1", [("Forwarded", 'for="[2a00::7]:4711";proto=https')], "2a00::7"),
        ("10.0.0.1", [("Forwarded", "proto=https;For=198.51.100.7, for=10.2.2.2")], "198.51.100.7"),
        ("10.0.0.1", [("Forwarded", "for=_hidden")], "10.0.0.1"),
        ("10.0.0.1", [("Forwarded", "for=1.1.1.1"), ("X-Forwarded-For", "198.51.100.7")], "10.0.0.1"),
        ("::ffff:10.0.0.1", [("X-Forwarded-For", "::ffff:198.51.100.7")], "198.51.100.7"),
        ("2001:db8::1", [("X-Forwarded-For", "[2a00::7]")], "2a00::7"),
        ("", [("X-Forwarded-For", "198.51.100.7")], "unknown"),
    ],
)
def test_only_declared_proxies_speak_for_others(
    peer: str, headers: list[tuple[str, str]], client: str
) -> None:
    """The rightmost address that is no declared proxy is the client; the rest may be invented."""
    assert PROXIES.client(peer, CIMultiDict(headers)) == client


@given(st.text(max_size=200))
def test_no_header_makes_an_address_up(text: str) -> None:
    """Whatever a stranger sends, an address is told or the peer's own."""
    found = PROXIES.client("10.0.0.1", CIMultiDict({"X-Forwarded-For": text, "Forwarded": text}))

    assert Proxies.parse((found,)).networks


def test_a_proxy_that_was_not_declared_shows() -> None:
    """Metrics are for this machine, not for whoever comes through a proxy on it."""
    assert was_forwarded(CIMultiDict({"Via": "1.1 proxy"}))
    assert not was_forwarded(CIMultiDict({"Accept": "*/*"}))


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 20))
def test_a_range_is_within_the_recording(first: int, last: int, total: int) -> None:
    """Every range is served inside the bounds, or refused as beyond the end."""
    try:
        span = requested_span({"Range": f"bytes={first}-{last}"}, '"e"', total)
    except errors.RangeUnsatisfiable:
        assert first >= total
        return
    if span.partial:
        assert (span.start, span.stop) == (first, min(last + 1, total))
    else:
        assert last < first
    assert 0 <= span.start < span.stop <= total


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=0-1,3-4",
        "bytes=-",
        "bytes=a-b",
        "items=0-1",
        "bytes=1-0",
        "bytes 0-1",
        "bytes=\u0660-\u0661",
        "",
    ],
)
def test_what_is_no_single_range_is_served_whole(asked: str) -> None:
    """RFC 9110, 14.2: a server may ignore Range."""
    assert not requested_span({"Range": asked}, '"e"', 10).partial


@given(st.text(max_size=300))
def test_a_name_that_is_taken_is_harmless(name: str) -> None:
    """What passes has no folders, no control characters, and fits a header as one line of ASCII."""
    try:
        taken = parse_file_name(name)
    except FieldInvalid:
        return
    header = disposition(taken)
    assert not set("/\\\0\r\n") & set(taken)
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-07-01T10:00:00", "2026-07-01T09:00:00+00:00"),
        ("2026-01-01 10:00", "2026-01-01T10:00:00+00:00"),
        ("2026-07-01T10:00:00Z", "2026-07-01T10:00:00+00:00"),
        ("2026-07-01T10:00:00 02:00", "2026-07-01T08:00:00+00:00"),
        ("2026-07-01T10:00:00-05:30", "2026-07-01T15:30:00+00:00"),
        ("1795305629.5", "2026-11-22T00:00:29.500000+00:00"),
    ],
)
def test_times_are_read_as_they_are_meant(text: str, utc: str) -> None:
    """With an offset, in the source's zone, or as an epoch; a plus lost in a query comes back."""
    assert fields.instant("t", text, "Europe/London") == datetime.fromisoformat(utc)


@given(st.text(max_size=40))
def test_no_text_breaks_the_parsers(text: str) -> None:
    """A value is taken or refused by name."""
    for parse in (fields.seconds, fields.number, lambda f, t: fields.instant(f, t, "Europe/London")):
        try:
            value = parse("f", text)
        except FieldInvalid:
            continue
        if isinstance(value, datetime):
            assert value.tzinfo is UTC


def test_every_error_has_one_status() -> None:
    """Each class of both trees is answered; what may be tried again is 408, 429 or 5xx, and only that."""
    kinds = [
        kind
        for kind in itertools.chain(vars(errors).values(), vars(key_errors).values())
        if isinstance(kind, type) and issubclass(kind, (errors.VaultError, key_errors.KeysError))
    ]
    for kind in kinds:
        status = status_of(kind.__new__(kind))
        again = status in {408, 429} or status >= 500
        if issubclass(kind, errors.Unavailable):
            assert again
        if issubclass(kind, (errors.NotFound, errors.Conflict)):
            assert not again
    assert status_of(ValueError()) == 500
    assert set(STATUS.values()) >= {401, 403, 408, 410, 413, 416, 429, 503, 507}
