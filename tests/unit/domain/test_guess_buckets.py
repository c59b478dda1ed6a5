"""The guess limit's arithmetic, and which addresses count as one network."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from vault.domain.guesses import GUESSES_PER_WINDOW, WINDOW, Bucket, network_of
from vault.errors import TooManyGuesses

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)


def filled(tries: int = GUESSES_PER_WINDOW) -> Bucket:
    """Return a bucket of this window with so many tries."""
    return Bucket("name 7", NOW, tries)


def test_ten_tries_and_no_more() -> None:
    """Ten tries of a window are admitted, the eleventh is not."""
    bucket = Bucket("name 7", NOW)
    for _ in range(GUESSES_PER_WINDOW):
        bucket = bucket.admit(NOW)

    with pytest.raises(TooManyGuesses):
        bucket.admit(NOW + WINDOW - INSTANT)
    assert bucket.tries == 10


def test_a_window_ends() -> None:
    """A full bucket is full to the last instant of its hour, and not beyond."""
    assert filled().full(NOW + WINDOW - INSTANT)
    assert not filled().full(NOW + WINDOW)
    assert filled().over(NOW + WINDOW)
    assert not filled().over(NOW + WINDOW - INSTANT)
    filled().must_admit(NOW + WINDOW)


@pytest.mark.parametrize(
    ("passed", "seconds"),
    [
        (timedelta(0), 3600),
        (timedelta(minutes=59, seconds=58, milliseconds=500), 2),
        (WINDOW - INSTANT, 1),
        (WINDOW, 1),
        (2 * WINDOW, 1),
    ],
)
def test_retry_after_is_just_long_enough(passed: timedelta, seconds: int) -> None:
    """Whoever waits as long as it was told is admitted, and is never told to wait for nothing."""
    bucket = filled()

    assert bucket.retry_after_seconds(NOW + passed) == seconds
    assert not bucket.full(NOW + passed + timedelta(seconds=seconds))


def test_the_error_says_how_long() -> None:
    """The refusal carries the seconds for `Retry-After`."""
    with pytest.raises(TooManyGuesses) as refused:
        filled().must_admit(NOW)

    assert refused.value.retry_after_seconds == 3600


def test_a_right_password_costs_no_try() -> None:
    """A try that turned out right is given back, never more than there were."""
    assert filled(3).forgive().tries == 2
    assert filled(0).forgive().tries == 0


def test_stopped_guesses_are_counted_apart() -> None:
    """What was turned away uses up no tries, and is worth an entry as tries are."""
    assert filled(2).stop(5).stop(1) == Bucket("name 7", NOW, 2, 6)
    assert filled(0).stop(1).refused
    assert filled(1).refused
    assert not filled(0).refused


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("", "unknown"),
        ("not an address", "unknown"),
        ("198.51.100.7:443", "unknown"),
    ],
)
def test_networks(address: str, network: str) -> None:
    """IPv4 counts by address, also when mapped into IPv6; IPv6 by site, so that rotating gains nothing."""
    assert network_of(address) == network
