"""What holds of every how-to."""

from __future__ import annotations

from pathlib import Path

from tests.howto.document import blocks

PAGES = Path(__file__).resolve().parents[2] / "docs/howto"


def test_every_page_is_in_the_index() -> None:
    """Who opens the folder finds each page, and for whom it is."""
    index = (PAGES / "README.md").read_text()

    assert [page.name for page in PAGES.glob("*.md") if f"]({page.name})" not in index] == ["README.md"]


def test_nothing_is_shown_to_the_dpo_that_is_not_tried() -> None:
    """A block that nobody follows would say what nobody knows to be true."""
    assert {block.kind for block in blocks(PAGES / "dpo.md")} == {"console", "toml"}
