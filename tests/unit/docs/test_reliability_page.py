"""`docs/reliability.md` names the faults, tests and variables that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.faults.kinds import KINDS

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/reliability.md").read_text()


@pytest.mark.parametrize("name", KINDS)
def test_every_fault_is_on_the_page(name: str) -> None:
    """Each kind of `make faults` serves a goal that the page tells."""
    assert re.search(rf"tests\.faults [a-z -]*\b{name}\b", PAGE)


def test_the_page_names_no_fault_that_is_not_there() -> None:
    """A command of the page can be given as it stands."""
    told = {name for names in re.findall(r"tests\.faults ([a-z -]+[a-z])", PAGE) for name in names.split()}
    assert {name for name in told if not name.startswith("--")} <= {*KINDS, "turns", "minutes"}


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`(tests/[\w/]+\.py)`", PAGE))))
def test_every_test_on_the_page_is_there(path: str) -> None:
    """A test that was renamed is renamed there too."""
    assert (ROOT / path).is_file()


@pytest.mark.parametrize("variable", sorted(set(re.findall(r"CALLVAULT_TEST_[A-Z]+(?:_[A-Z]+)*", PAGE))))
def test_every_variable_on_the_page_is_read(variable: str) -> None:
    """A long form is one that some test knows."""
    assert any(f'"{variable}"' in path.read_text() for path in (ROOT / "tests").rglob("*.py"))
