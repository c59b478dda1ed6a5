"""`docs/settings.md` says what the settings say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vault.config import describe, load
from vault.config.description import SettingDoc

MANUAL = (Path(__file__).parents[3] / "docs" / "settings.md").read_text()


@pytest.mark.parametrize("setting", describe(), ids=lambda setting: f"{setting.section}.{setting.name}")
def test_every_setting_is_in_the_manual(setting: SettingDoc) -> None:
    """Its row stands under its section, with its default, what is wanted, and its meaning."""
    section = MANUAL.split(f"\n## `[{setting.section}]`")[1].split("\n## ")[0]
    row = f"| `{setting.name}` | `{setting.default_text}` | {setting.type} | {setting.meaning} |"
    assert row in section.splitlines()


def test_the_manual_has_no_setting_of_its_own() -> None:
    """What was removed from the settings is removed from the manual."""
    rows = re.findall(r"^\| `(\w+)` \| `", MANUAL, flags=re.MULTILINE)
    assert sorted(rows) == sorted(setting.name for setting in describe())


def test_the_example_loads_and_says_what_it_seems_to(tmp_path: Path) -> None:
    """Whoever copies the example gets a vault with these settings."""
    example = re.findall(r"```toml\n(.*?)```", MANUAL, flags=re.DOTALL)
    (tmp_path / "example.toml").write_text(example[0])
    settings = load(tmp_path, tmp_path / "example.toml", {})
    assert len(example) == 1
    assert settings.http.base_url() == "https://recordings.example.com"
    assert settings.slots.paths == (Path("/var/lib/callvault/slots"), Path("/mnt/second/slots"))
    assert settings.shred.snapshot_horizon == "30 days"


def test_the_variables_of_the_manual_load(tmp_path: Path) -> None:
    """The shell lines of the manual are settings, too."""
    shell = re.findall(r"```sh\n(.*?)```", MANUAL, flags=re.DOTALL)[0]
    environ = dict(re.findall(r"^export (\w+)='?([^'\n]*)'?$", shell, flags=re.MULTILINE))
    assert len(environ) == shell.count("export") > 2
    settings = load(tmp_path, None, environ)
    assert settings.http.port == 9000
    assert settings.http.trusted_proxies == ("10.0.0.0/8", "2001:db8::/32")


def test_a_setting_names_its_variable() -> None:
    """The name to set it by is made from its own."""
    assert {setting.variable for setting in describe()} >= {"CALLVAULT_HTTP__PUBLIC_URL"}


def test_every_setting_explains_itself() -> None:
    """A row without meaning helps nobody, and a bar would break the table."""
    for setting in describe():
        assert setting.meaning.endswith(".")
        assert setting.type
        assert "|" not in setting.meaning + setting.type + setting.default_text
