"""What lies under a slot opens with that slot, for that purpose, unchanged, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.errors import SlotMismatch
from keys.secret import Secret
from keys.slots import open_under, seal_under
from keys.slots.layout import ZERO_SLOT

SLOT = Secret(bytes(range(32)))
# Made once with a salt of 00 to 0f; what is stored must open for ever.
STORED = bytes.fromhex(
    "000102030405060708090a0b0c0d0e0fc67d58cf2c109249ad7efa40e2b094e0b008b0fb998d8b806c17238bebe192705c8d10bc"
)


@settings(deadline=None)
@given(plaintext=st.binary(max_size=500), bound_to=st.binary(max_size=50))
def test_what_was_sealed_opens(plaintext: bytes, bound_to: bytes) -> None:
    """Any content comes back, 32 bytes shorter than it lay there."""
    sealed = seal_under(SLOT, plaintext, bound_to=bound_to)

    assert len(sealed) == len(plaintext) + 32
    assert open_under(SLOT, sealed, bound_to=bound_to) == plaintext


def test_what_was_stored_long_ago_opens() -> None:
    """The format is fixed: bytes made by the first version open today."""
    assert open_under(SLOT, STORED, bound_to=b"recording 1") == b"a recording's header"


@settings(deadline=None)
@given(plaintext=st.binary(max_size=100), data=st.data())
def test_any_change_is_found(plaintext: bytes, data: st.DataObject) -> None:
    """One flipped bit, a cut at any length, or more bytes: nothing opens."""
    sealed = seal_under(SLOT, plaintext, bound_to=b"id")
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    flipped = bytearray(sealed)
    flipped[bit // 8] ^= 1 << bit % 8
    cut = sealed[: data.draw(st.integers(0, len(sealed) - 1))]

    for changed in (bytes(flipped), cut, sealed + b"\0"):
        with pytest.raises(SlotMismatch):
            open_under(SLOT, changed, bound_to=b"id")


@settings(deadline=None)
@given(first=st.binary(max_size=20), second=st.binary(max_size=20))
def test_it_is_bound_to_what_it_is(first: bytes, second: bytes) -> None:
    """A ciphertext swapped for another's does not open."""
    sealed = seal_under(SLOT, b"header", bound_to=first)
    if first == second:
        return
    with pytest.raises(SlotMismatch):
        open_under(SLOT, sealed, bound_to=second)


def test_another_slot_does_not_open_it() -> None:
    """A recording's header lies under its own slot only."""
    sealed = seal_under(SLOT, b"header", bound_to=b"id")

    with pytest.raises(SlotMismatch):
        open_under(Secret(b"x" * 32), sealed, bound_to=b"id")


def test_the_same_content_never_looks_alike() -> None:
    """Each sealing has a fresh key, so one slot may hold several ciphertexts."""
    assert len({seal_under(SLOT, b"same", bound_to=b"id") for _ in range(50)}) == 50


@pytest.mark.parametrize("slot", [ZERO_SLOT, b"short", bytes(33)])
def test_no_slot_is_no_key(slot: bytes) -> None:
    """A destroyed slot never seals or opens anything: its bytes are known to all."""
    with pytest.raises(ValueError, match="32 bytes"):
        seal_under(Secret(slot), b"x", bound_to=b"")
    with pytest.raises(ValueError, match="32 bytes"):
        open_under(Secret(slot), bytes(40), bound_to=b"")
