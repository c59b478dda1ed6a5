"""Call details from an upload's headers and query.

`Callvault-*` headers or query parameters of the same names; what they leave open is taken from rtpengine's
`X-Recording-*` headers. An empty value says nothing: PBXs send empty variables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import parse_qsl, unquote

from multidict import CIMultiDict, CIMultiDictProxy

from vault.domain.call import CallDetails, Direction
from vault.entrypoints.http import fields
from vault.entrypoints.http.file_names import parse_file_name
from vault.entrypoints.http.refusals import FieldInvalid

_T = TypeVar("_T")
_PREFIX = "callvault-"
_MOST_NUMBERS = 16
_MOST_PARAMETERS = 64
_CALL_ID_CHARACTERS = 255
_TEXT_CHARACTERS = 128
_AUDIO_TYPE = re.compile(r"audio/[a-z0-9][a-z0-9.+-]{0,60}")
_EXTENSION = re.compile(r"[a-z0-9]{1,8}", re.IGNORECASE | re.ASCII)
_RTPENGINE_KEYS = ("calling", "called", "diverted-by", "direction", "carrier", "agent")


@dataclass(frozen=True, slots=True)
class Announced:
    """What came, by lower-case name without prefix."""

    values: Mapping[str, list[str]]

    def one(self, name: str) -> str | None:
        """Return the value, or None; raise `FieldInvalid` where several disagree."""
        found = {value for value in self.values.get(name, ()) if value.strip()}
        if len(found) > 1:
            raise FieldInvalid(_shown(name), "given more than once")
        return found.pop() if found else None

    def text(self, name: str, most_characters: int) -> str | None:
        """Return a checked text, or None."""
        value = self.one(name)
        return fields.clean(_shown(name), value, most_characters) if value is not None else None

    def parsed(self, name: str, parse: Callable[[str, str], _T]) -> _T | None:
        """Return the value parsed, or None."""
        value = self.one(name)
        return parse(_shown(name), value) if value is not None else None

    def numbers(self, name: str) -> tuple[str, ...]:
        """Return every number given, in order."""
        found = [value for value in self.values.get(name, ()) if value.strip()]
        if len(found) > _MOST_NUMBERS:
            raise FieldInvalid(_shown(name), f"at most {_MOST_NUMBERS} numbers")
        return tuple(fields.number(_shown(name), value) for value in found)


def call_details(
    headers: CIMultiDictProxy[str], query: str, *, zone: str, file_name: str | None, content_type: str
) -> CallDetails:
    """Return the details of an upload; `zone` reads local times, `file_name` is the URL's or the part's.

    Raise `FieldInvalid` for a value that can't be taken.
    """
    told = Announced(_gather(headers, query))
    return CallDetails(
        file_name=file_name or _rtpengine_name(headers),
        call_id=told.text("call-id", _CALL_ID_CHARACTERS),
        calling=told.numbers("calling"),
        called=told.parsed("called", fields.number),
        diverted_by=told.numbers("diverted-by"),
        started_at=told.parsed("started-at", lambda field, text: fields.instant(field, text, zone)),
        duration_seconds=told.parsed("duration", fields.seconds),
        direction=told.parsed("direction", _direction),
        carrier=told.text("carrier", _TEXT_CHARACTERS),
        agent=told.text("agent", _TEXT_CHARACTERS),
        content_type=content_type if _AUDIO_TYPE.fullmatch(content_type) else None,
    )


def _gather(headers: CIMultiDictProxy[str], query: str) -> Mapping[str, list[str]]:
    """Collect headers and query under one set of names; rtpengine's only where these say nothing."""
    found: dict[str, list[str]] = {}
    for name, value in (*headers.items(), *_parameters(query)):
        if name.lower().startswith(_PREFIX):
            found.setdefault(name.lower().removeprefix(_PREFIX), []).append(value)
    return _rtpengine_values(headers) | {name: values for name, values in found.items() if any(values)}


def _parameters(query: str) -> Iterable[tuple[str, str]]:
    try:
        return parse_qsl(query, errors="strict", max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        raise FieldInvalid("query", f"at most {_MOST_PARAMETERS} parameters in UTF-8") from None


def _rtpengine_values(headers: CIMultiDictProxy[str]) -> dict[str, list[str]]:
    """Read what rtpengine's recording daemon sends: `X-Recording-*`, metadata as `key:value|key:value`."""
    found: dict[str, list[str]] = {}
    if call_id := headers.get("X-Recording-Call-ID"):
        found["call-id"] = [unquote(call_id, errors="surrogateescape")]
    start = headers.get("X-Recording-Stream-Start-Time") or headers.get("X-Recording-Call-Start-Time")
    end = headers.get("X-Recording-Stream-End-Time") or headers.get("X-Recording-Call-End-Time")
    if start:
        found["started-at"] = [start]
        if passed := fields.difference(start, end or ""):
            found["duration"] = [f"{passed:.3f}"]
    for name, value in _metadata(headers.get("X-Recording-Call-Metadata", "")).items():
        if name.lower() in _RTPENGINE_KEYS:
            found.setdefault(name.lower(), []).append(value)
    return found


def _metadata(text: str) -> CIMultiDict[str]:
    pairs = (pair.partition(":") for pair in text.split("|"))
    return CIMultiDict((name.strip(), value) for name, _, value in pairs)


def _rtpengine_name(headers: CIMultiDictProxy[str]) -> str | None:
    """Return the file's name with its format as extension: the extension is the only hint a format has."""
    told = unquote(headers.get("X-Recording-File-Name", ""), errors="surrogateescape").rpartition("/")[2]
    if not told:
        return None
    extension = headers.get("X-Recording-File-Format", "")
    if _EXTENSION.fullmatch(extension) and not told.lower().endswith(f".{extension.lower()}"):
        told = f"{told}.{extension}"
    return parse_file_name(told)


def _direction(field: str, text: str) -> Direction:
    try:
        return Direction(text.strip(" ").lower())
    except ValueError:
        raise FieldInvalid(field, "inbound, outbound or internal") from None


def _shown(name: str) -> str:
    """Return the name as the contract spells it: `Callvault-Diverted-By`."""
    return _PREFIX.title() + name.title()
