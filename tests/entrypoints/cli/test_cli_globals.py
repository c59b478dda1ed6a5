"""Promises about the options that every command takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from vault.entrypoints.cli.exits import WrongUsage
from vault.entrypoints.cli.globals import Format, take_options


@pytest.mark.parametrize(
    "words",
    [
        ["--data", "/d", "--format", "json", "--as", "dora", "audit", "list", "--limit", "3"],
        ["audit", "--data=/d", "list", "--format=json", "--limit", "3", "--as=dora"],
        ["audit", "list", "--limit", "3", "--as", "dora", "--format", "json", "--data", "/d"],
    ],
)
def test_any_position(words: list[str]) -> None:
    """A global option may stand before, between and after the command's own words."""
    options, rest = take_options(words, {})

    assert (options.data, options.format, options.staff) == (Path("/d"), Format.JSON, "dora")
    assert rest == ["audit", "list", "--limit", "3"]


def test_environment_is_weaker_than_options() -> None:
    """A variable says what an option leaves open."""
    environ = {"CALLVAULT_DATA": "/env", "CALLVAULT_AS": "eve", "CALLVAULT_CONFIG": "/c.toml"}

    options, _ = take_options(["--data", "/d", "status"], environ)

    assert (options.data, options.staff, options.config) == (Path("/d"), "eve", Path("/c.toml"))


def test_nothing_is_taken_after_two_dashes() -> None:
    """A file may be called --data."""
    _, rest = take_options(["push", "--", "--data", "x"], {})

    assert rest == ["push", "--", "--data", "x"]


@pytest.mark.parametrize("words", [["--data"], ["--data="], ["status", "--format", "xml"], ["--as", ""]])
def test_broken_options_are_wrong_usage(words: list[str]) -> None:
    """An option without its value, or of an unknown kind, is refused rather than guessed at."""
    with pytest.raises(WrongUsage):
        take_options(words, {})


def test_default_data_folder(tmp_path: Path) -> None:
    """The system's folder is used where it exists, else one beside the work."""
    there, _ = take_options([], {}, system_data=tmp_path)
    missing, _ = take_options([], {}, system_data=tmp_path / "none")

    assert (there.data, missing.data) == (tmp_path, Path("data"))
