"""Derived keys, and small things sealed under them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.derive import derive, hkdf, open_small, seal_small
from keys.errors import SlotMismatch
from keys.secret import Secret

KEY = Secret(bytes(range(32)))


def test_rfc_5869_vector() -> None:
    """The first test case of RFC 5869."""
    key, salt = bytes([0x0B] * 22), bytes(range(13))

    derived = hkdf(key, salt=salt, info=bytes(range(0xF0, 0xFA)), length=42)

    assert derived.hex() == (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )


def test_labels_and_salts_separate() -> None:
    """Another label, salt or secret gives another key; the same ones give the same."""
    keys = [
        derive(KEY, "session id"),
        derive(KEY, "session key"),
        derive(KEY, "session key", salt=b"s"),
        derive(Secret(bytes(32)), "session key"),
    ]

    assert all(a != b for i, a in enumerate(keys) for b in keys[:i])
    assert derive(KEY, "session id") == keys[0]


def test_derived_values_stay() -> None:
    """What was derived once is derived for ever: stored data depends on it."""
    assert derive(KEY, "session id").reveal().hex() == (
        "97f5967830969d4e35db7f2a668178ffcf0ba6ecde0120e5cfcbbf24fc2fb102"
    )


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_round_trip(plaintext: bytes, bound_to: bytes) -> None:
    """What was sealed opens in its context, 32 bytes longer, and never looks the same twice."""
    sealed = seal_small(KEY, plaintext, bound_to)

    assert open_small(KEY, sealed, bound_to) == plaintext
    assert len(sealed) == len(plaintext) + 32
    assert sealed != seal_small(KEY, plaintext, bound_to)


def test_elsewhere_it_does_not_open() -> None:
    """Another key, as a destroyed slot gives, or another context opens nothing."""
    sealed = seal_small(KEY, b"header", b"recording 1")

    for key, bound_to in ((Secret(bytes(32)), b"recording 1"), (KEY, b"recording 2"), (KEY, b"")):
        with pytest.raises(SlotMismatch):
            open_small(key, sealed, bound_to)


@settings(max_examples=200)
@given(st.data())
def test_any_change_is_found(data: st.DataObject) -> None:
    """No bit can change, nor an end be cut, unseen."""
    sealed = bytearray(seal_small(KEY, b"header", b"recording 1"))
    length = data.draw(st.integers(0, len(sealed) - 1))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))

    with pytest.raises(SlotMismatch):
        open_small(KEY, bytes(sealed[:length]), b"recording 1")
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SlotMismatch):
        open_small(KEY, bytes(sealed), b"recording 1")
