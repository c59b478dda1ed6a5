"""Which telephone numbers count as the same one."""

from __future__ import annotations

import pytest

from vault.domain.phone import search_term


@pytest.mark.parametrize(
    "number",
    ["+44 20 7946 0000", "020 7946 0000", "00442079460000", "(020) 7946-0000", "+44 (0)20 7946 0000"],
)
def test_one_number_is_one_term(number: str) -> None:
    """However a number is written in its country, it is found by its E.164 form."""
    assert search_term(number, "GB") == "+442079460000"


def test_the_region_reads_local_numbers() -> None:
    """The same digits are different numbers in different countries."""
    assert search_term("030 123456", "DE") == "+4930123456"
    assert search_term("030 123456", "GB") != search_term("030 123456", "DE")


@pytest.mark.parametrize("number", ["101", "999", "*98", "12", "#31#", "1" * 40])
def test_what_is_no_full_number_stays(number: str) -> None:
    """Extensions, service codes and nonsense are found as they were dialled."""
    assert search_term(number, "GB") == number


@pytest.mark.parametrize("number", ["", "anonymous", "Unknown", " - "])
def test_no_number_is_no_term(number: str) -> None:
    """A withheld caller is nobody: nothing to search for."""
    assert search_term(number, "GB") is None


def test_endless_numbers_are_cut() -> None:
    """A caller id of a megabyte costs no more than its beginning."""
    assert search_term("7" * 1_000_000, "GB") == "7" * 64


def test_an_unknown_region_still_reads_international_numbers() -> None:
    """A region that no table has makes local numbers plain digits, and nothing fails."""
    assert search_term("+442079460000", "ZZ") == "+442079460000"
    assert search_term("020 7946 0000", "ZZ") == "02079460000"
