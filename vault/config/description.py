"""What the manual says of each setting, from the settings themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, get_args, get_origin, get_type_hints

from msgspec import Meta, Struct

from vault.config.section import Section
from vault.config.settings import sections


class SettingDoc(Struct, frozen=True):
    """One setting: `[section] name`, what is `wanted` there, its default as TOML, what it means."""

    section: str
    name: str
    type: str
    default_text: str
    meaning: str

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"CALLVAULT_{self.section}__{self.name}".upper()


def describe() -> list[SettingDoc]:
    """Return every setting in the order of the manual."""
    return [
        _document(section, kind, name)
        for section, kind in sections().items()
        for name in kind.__struct_fields__
    ]


def _document(section: str, kind: type[Section], name: str) -> SettingDoc:
    meta = meta_of(kind, name)
    default = _as_toml(getattr(kind(), name))
    return SettingDoc(section, name, meta.title or "", default, meta.description or "")


def meta_of(kind: type[Section], name: str) -> Meta:
    """Return what is written beside a setting."""
    hint = get_type_hints(kind, include_extras=True)[name]
    if get_origin(hint) is Annotated:
        for extra in get_args(hint)[1:]:
            if isinstance(extra, Meta) and extra.title:
                return extra
    raise TypeError(f"{kind.__name__}.{name} says nothing of itself")


def _as_toml(value: object) -> str:
    if value is None:
        return "unset"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(_as_toml(item) for item in value)}]"
    return f'"{value}"' if isinstance(value, str | Path) else str(value)
