"""The options of every command, in any position: `--data`, `--config`, `--server`, `--as` and more."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from vault.entrypoints.cli.exits import DEBUG_VARIABLE, WrongUsage
from vault.entrypoints.cli.passwords import PASSWORD_FILE_VARIABLE

_SYSTEM_DATA = Path("/var/lib/callvault")
_PASSWORD_FILE = "--password-file"  # noqa: S105 - the name of an option
_VARIABLES = {
    "--data": "CALLVAULT_DATA",
    "--config": "CALLVAULT_CONFIG",
    "--server": "CALLVAULT_SERVER",
    "--as": "CALLVAULT_AS",
    "--identity": "CALLVAULT_IDENTITY",
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
    """What was given, by option or else by environment; `data` is always known.

    `identity` names a file: the person's own, or for `staff recover` without `--as` the recovery identity.
    With a `server`, every command is a person's: `password_file` may then be given in any position, too.
    """

    data: Path
    config: Path | None
    staff: str | None
    format: Format
    identity: str | None = None
    server: str | None = None
    password_file: str | None = None


def take_options(
    words: Sequence[str], environ: Mapping[str, str], system_data: Path = _SYSTEM_DATA
) -> tuple[GlobalOptions, list[str]]:
    """Take the global options out of `words`; return them and the rest. Nothing after `--` is taken.

    Raise `WrongUsage` for an option without its value or an unknown format.
    """
    given = {option: environ[name] for option, name in _VARIABLES.items() if environ.get(name)}
    rest = _take(words, _VARIABLES, given)
    if "--server" in given:
        rest = _take(rest, (_PASSWORD_FILE,), given)
    return _options(given, system_data), rest


def _take(words: Sequence[str], wanted: Collection[str], given: dict[str, str]) -> list[str]:
    """Move the wanted options into `given`; return the rest."""
    rest: list[str] = []
    queue = list(words)
    while queue:
        word = queue.pop(0)
        if word == "--":
            rest += [word, *queue]
            break
        option, equals, value = word.partition("=")
        if option not in wanted:
            rest.append(word)
            continue
        if not equals:
            value = queue.pop(0) if queue else ""
        if not value:
            raise WrongUsage(f"{option} needs a value")
        given[option] = value
    return rest


def _options(given: Mapping[str, str], system_data: Path) -> GlobalOptions:
    data = given.get("--data")
    config = given.get("--config")
    return GlobalOptions(
        data=Path(data) if data else _default_data(system_data),
        config=Path(config) if config else None,
        staff=given.get("--as"),
        format=_format(given.get("--format", Format.TABLE)),
        identity=given.get("--identity"),
        server=given.get("--server"),
        password_file=given.get(_PASSWORD_FILE),
    )


def _default_data(system_data: Path) -> Path:
    return system_data if system_data.is_dir() else Path("data")


def _format(text: str) -> Format:
    try:
        return Format(text)
    except ValueError:
        raise WrongUsage(f"--format is one of {', '.join(Format)}") from None
