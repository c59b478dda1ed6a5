"""Where settings come from: a TOML file, and over it the variables `CALLVAULT_SECTION__NAME`.

An error names the section, the setting and what is wanted there. It never quotes what it found and
drops the cause, which would: the value may be a password.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from vault.config.description import meta_of
from vault.config.section import Section
from vault.config.settings import Settings, sections
from vault.errors import ConfigInvalid

FILE_NAME = "callvault.toml"
_PREFIX = "CALLVAULT_"
# Global options of the command, and what the tests and Kubernetes (for a service named callvault) set.
_OTHER_VARIABLES = re.compile(
    r"CALLVAULT_(DATA|CONFIG|AS|PASSWORD_FILE|REQUIRE_ALL|TEST_.*|PORT(_.*)?|SERVICE_(HOST|PORT(_.*)?))"
)
_PLACE_IN_FILE = re.compile(r"\(at [^()]*\)$")
# `sqlite:///x` is relative, `sqlite:////x` is not; drivers may be named, as in `sqlite+aiosqlite:`.
_FILE_URL = re.compile(r"(file:|local:|sqlite(?:\+[a-z]+)?:///)(?![/:])(.+)", re.DOTALL)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")

Found = dict[str, dict[str, Any]]


def load(data: Path, file: Path | None, environ: Mapping[str, str]) -> Settings:
    """Return the settings of the vault in `data`; raise `ConfigInvalid`.

    `file` must exist if given; else `callvault.toml` in the data folder is read if it is there. Relative
    paths begin at the data folder, wherever the command was started.
    """
    data = Path(os.path.abspath(data))  # noqa: PTH100  # resolve() would follow links that may be moved later
    found = _from_file(data / FILE_NAME, required=False) if file is None else _from_file(file, required=True)
    for section, values in _from_variables(environ).items():
        found.setdefault(section, {}).update(values)
    parts: dict[str, Any] = {
        name: _section(name, kind, found.get(name, {}), data) for name, kind in sections().items()
    }
    return Settings(data=data, **parts)


def _from_file(path: Path, *, required: bool) -> Found:
    try:
        with path.open("rb") as file:
            found = tomllib.load(file)
    except FileNotFoundError:
        if not required:
            return {}
        raise ConfigInvalid(f"{path}: there is no such file") from None
    except OSError as error:
        raise ConfigInvalid(f"{path}: can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigInvalid(f"{path}: is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        place = _PLACE_IN_FILE.search(str(error))
        raise ConfigInvalid(f"{path}: is not TOML {place[0] if place else ''}".rstrip()) from None
    for section, values in found.items():
        _require_known(section, values if isinstance(values, dict) else None, f"{path}: ")
    return found


def _from_variables(environ: Mapping[str, str]) -> Found:
    """Return what the variables say; an empty one says nothing."""
    found: Found = {}
    for variable, text in sorted(environ.items()):
        if not variable.startswith(_PREFIX) or _OTHER_VARIABLES.fullmatch(variable):
            continue
        section, two, name = variable.removeprefix(_PREFIX).lower().partition("__")
        if not two:
            raise ConfigInvalid(f"{variable}: is no setting; they are named CALLVAULT_SECTION__NAME")
        _require_known(section, [name], f"{variable}: ")
        if text:
            found.setdefault(section, {})[name] = _Text(text)
    return found


class _Text(str):
    """A value from a variable: a number, a list or a word, as its setting decides."""

    __slots__ = ()


def _require_known(section: str, names: object, where: str) -> None:
    """Raise `ConfigInvalid` unless the section is one of ours, and a table of settings of ours."""
    kind = sections().get(section)
    if kind is None:
        raise ConfigInvalid(f"{where}no section [{section}]; there are {', '.join(sections())}")
    if not isinstance(names, dict | list):
        raise ConfigInvalid(f"{where}[{section}]: wanted: a section of settings")
    for name in names:
        if name not in kind.__struct_fields__:
            raise ConfigInvalid(
                f"{where}no setting {name} in [{section}]; there are {', '.join(kind.__struct_fields__)}"
            )


def _section(section: str, kind: type[Section], values: Mapping[str, Any], data: Path) -> Section:
    given = {name: _value(section, kind, name, value) for name, value in values.items()}
    try:
        checked = kind(**given)
    except ValueError as error:  # a section names the setting that it can't accept
        raise _invalid(section, kind, str(error)) from None
    return msgspec.structs.replace(
        checked, **{name: _anchored(name, getattr(checked, name), data) for name in kind.__struct_fields__}
    )


def _value(section: str, kind: type[Section], name: str, value: object) -> object:
    hint = next(field.type for field in msgspec.structs.fields(kind) if field.name == name)
    try:
        if isinstance(value, _Text):
            value = _listed(value) if isinstance(getattr(kind(), name), tuple) else str(value)
            return msgspec.convert(value, hint, strict=False, dec_hook=_path)
        return msgspec.convert(value, hint, dec_hook=_path)
    except ValueError:  # msgspec.ValidationError and tomllib.TOMLDecodeError are both one
        raise _invalid(section, kind, name) from None


def _invalid(section: str, kind: type[Section], name: str) -> ConfigInvalid:
    return ConfigInvalid(f"[{section}] {name}: wanted: {meta_of(kind, name).title}")


def _listed(text: str) -> list[object]:
    """Return the items of `a, b` or of a TOML array."""
    if text.lstrip().startswith("["):
        return list(tomllib.loads(f"list = {text}")["list"])
    return [item.strip() for item in text.split(",") if item.strip()]


def _path(kind: type, value: object) -> Path:
    """Build a path for msgspec, which knows none."""
    if kind is Path and isinstance(value, str) and value and "\0" not in value:
        return Path(value)
    raise ValueError("no path")


def _anchored(name: str, value: object, data: Path) -> object:
    """Return a path, or the path in a URL, begun at the data folder; anything else as it is."""
    if isinstance(value, Path):
        return data / value
    if isinstance(value, tuple):
        return tuple(_anchored(name, item, data) for item in value)
    if name == "url" and isinstance(value, str):
        if match := _FILE_URL.fullmatch(value):
            return f"{match[1]}{data / match[2]}"
        return value if _SCHEME.match(value) else str(data / value)
    return value
