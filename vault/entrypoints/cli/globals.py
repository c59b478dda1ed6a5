"""The options that every command takes, in any position: `--data`, `--config`, `--as`, `--format`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from vault.entrypoints.cli.exits import DEBUG_VARIABLE, WrongUsage
from vault.entrypoints.cli.passwords import PASSWORD_FILE_VARIABLE

_SYSTEM_DATA = Path("/var/lib/callvault")
_VARIABLES = {
    "--data": "CALLVAULT_DATA",
    "--config": "CALLVAULT_CONFIG",
    "--as": "CALLVAULT_AS",
    "--format": "CALLVAULT_FORMAT",
}
COMMAND_VARIABLES = frozenset({*_VARIABLES.values(), PASSWORD_FILE_VARIABLE, DEBUG_VARIABLE})
"""Every variable of the command itself; what else begins with CALLVAULT_ is a setting."""


class Format(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class GlobalOptions:
    """What was given, by option or else by environment; `data` is always known."""

    data: Path
    config: Path | None
    staff: str | None
    format: Format


def take_options(
    words: Sequence[str], environ: Mapping[str, str], system_data: Path = _SYSTEM_DATA
) -> tuple[GlobalOptions, list[str]]:
    """Take the global options out of `words`; return them and the rest. Nothing after `--` is taken.

    Raise `WrongUsage` for an option without its value or an unknown format.
    """
    given = {option: environ[name] for option, name in _VARIABLES.items() if environ.get(name)}
    rest: list[str] = []
    queue = list(words)
    while queue:
        word = queue.pop(0)
        if word == "--":
            rest += [word, *queue]
            break
        option, equals, value = word.partition("=")
        if option not in _VARIABLES:
            rest.append(word)
            continue
        if not equals:
            value = queue.pop(0) if queue else ""
        if not value:
            raise WrongUsage(f"{option} needs a value")
        given[option] = value
    return _options(given, system_data), rest


def _options(given: Mapping[str, str], system_data: Path) -> GlobalOptions:
    data = given.get("--data")
    config = given.get("--config")
    return GlobalOptions(
        data=Path(data) if data else _default_data(system_data),
        config=Path(config) if config else None,
        staff=given.get("--as"),
        format=_format(given.get("--format", Format.TABLE)),
    )


def _default_data(system_data: Path) -> Path:
    return system_data if system_data.is_dir() else Path("data")


def _format(text: str) -> Format:
    try:
        return Format(text)
    except ValueError:
        raise WrongUsage(f"--format is one of {', '.join(Format)}") from None
