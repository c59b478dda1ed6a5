"""A reason is mandatory, short, and one line."""

from __future__ import annotations

import pytest

from vault.domain.event import REASON_CHARACTERS, parse_reason
from vault.errors import Invalid


def test_a_reason_is_trimmed() -> None:
    """Spaces around a reason are no part of it; letters of any script are."""
    assert parse_reason("  complaint 12, Zoë \n") == "complaint 12, Zoë"
    assert len(parse_reason(" " + "x" * REASON_CHARACTERS)) == REASON_CHARACTERS


@pytest.mark.parametrize(
    "text", ["", " \n\t ", "x" * (REASON_CHARACTERS + 1), "a\nb", "a\x1b[2Kb", "a\udcffb", "a\0b"]
)
def test_what_is_no_reason(text: str) -> None:
    """Nothing, too much, a second line, and what could act on a terminal or not be logged, are refused."""
    with pytest.raises(Invalid):
        parse_reason(text)
