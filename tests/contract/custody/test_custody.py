"""Wrapping and unwrapping, as every custody of the root key promises it: run by each provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keys.custody import Custody, open_custody
from keys.errors import CustodyRefused
from keys.secret import Secret

if TYPE_CHECKING:
    from tests.contract.custody.conftest import Pair

CONTEXT = {"vault": "0123", "purpose": "service secret"}


@pytest.mark.parametrize("size", [1, 32, 4096])
def test_what_was_wrapped_comes_back(custody: Custody, size: int) -> None:
    """A secret of any size up to 4096 bytes comes back, by a custody opened anew from its URI too."""
    secret = Secret((bytes(range(256)) * 16)[:size])

    wrapped = custody.wrap(secret, context=CONTEXT)

    assert custody.unwrap(wrapped, context=CONTEXT) == secret
    assert open_custody(custody.uri).unwrap(wrapped, context=dict(reversed(CONTEXT.items()))) == secret


def test_a_wrapped_secret_hides_it_and_is_never_the_same(custody: Custody) -> None:
    """Neither the secret nor its likeness to another can be read from what is stored."""
    secret = Secret(b"the signing key of the log, as it is")

    one, other = (custody.wrap(secret, context=CONTEXT) for _ in range(2))

    assert one != other
    assert secret.reveal() not in one


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"vault": "0123"},
        {**CONTEXT, "vault": "0124"},
        {**CONTEXT, "more": "x"},
        {"vault": "service secret", "purpose": "0123"},
    ],
)
def test_another_context_is_refused(custody: Custody, context: dict[str, str]) -> None:
    """A secret of another vault, or for another purpose, does not unwrap here."""
    wrapped = custody.wrap(Secret(b"seed"), context=CONTEXT)

    with pytest.raises(CustodyRefused):
        custody.unwrap(wrapped, context=context)


def test_another_root_key_is_refused(pair: Pair) -> None:
    """What one root key wrapped, no other unwraps."""
    wrapped = pair.custody.wrap(Secret(b"seed"), context=CONTEXT)

    with pytest.raises(CustodyRefused):
        pair.other.unwrap(wrapped, context=CONTEXT)


def test_a_changed_secret_is_refused(custody: Custody) -> None:
    """Cut, lengthened or with a bit turned over anywhere, it does not unwrap."""
    wrapped = custody.wrap(Secret(b"seed"), context=CONTEXT)
    last = len(wrapped) - 1
    changed = [bytes([*wrapped[:at], wrapped[at] ^ 1, *wrapped[at + 1 :]]) for at in (0, 1, last // 2, last)]

    for broken in (b"", wrapped[:1], wrapped[:-1], wrapped + b"\0", *changed):
        with pytest.raises(CustodyRefused):
            custody.unwrap(broken, context=CONTEXT)


def test_a_secret_that_is_too_long_is_a_mistake(custody: Custody) -> None:
    """The limit is everyone's, so that a secret can move from one provider to any other."""
    with pytest.raises(ValueError, match="4096"):
        custody.wrap(Secret(bytes(4097)), context=CONTEXT)
