"""What holds of every how-to."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.howto.document import blocks

PAGES = Path(__file__).resolve().parents[2] / "docs/howto"
_UNTRIED = re.compile(
    r"(?:/opt/callvault/\.venv/bin/)?pip install |.* \| ffplay |callvault migrate-database --to 'postgresql:"
    r"|(?:git|make) -C /opt/callvault |cd /opt/callvault && "
)


def test_every_page_is_in_the_index() -> None:
    """Who opens the folder finds each page, and for whom it is."""
    index = (PAGES / "README.md").read_text()

    assert [page.name for page in PAGES.glob("*.md") if f"]({page.name})" not in index] == ["README.md"]


@pytest.mark.parametrize("name", ["collect", "dpo", "operating", "own-machine", "postgresql", "s3"])
def test_no_command_is_shown_that_is_not_tried(name: str) -> None:
    """A block that nobody follows would say what nobody knows to be true; it installs, or plays a sound."""
    untried = [block for block in blocks(PAGES / f"{name}.md") if not block.kind]
    lines = [line for block in untried for line in block.lines]

    assert [line for line in lines if not _UNTRIED.match(line)] == []


def test_what_is_to_be_installed_can_be() -> None:
    """The extras that the pages name are those of the package."""
    project = tomllib.loads((PAGES.parents[1] / "pyproject.toml").read_text())["project"]
    named = re.findall(
        r"pip install 'callvault\[([\w,]+)\]'", "".join(p.read_text() for p in PAGES.glob("*.md"))
    )

    assert named
    assert {extra for each in named for extra in each.split(",")} <= set(project["optional-dependencies"])
