"""A recording's file name: taken from a URL or a part, and told again in Content-Disposition.

The name is kept as a label and never becomes a path: what looks like one is refused.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote_to_bytes

from vault.entrypoints.http.fields import clean
from vault.entrypoints.http.refusals import FieldInvalid

FIELD = "file-name"
_MOST_BYTES = 255
_AUDIO_TYPES = {
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "m4a": "audio/mp4",
    "flac": "audio/flac",
    "webm": "audio/webm",
}
_UNSAFE_IN_QUOTES = re.compile(r"[^ !#-\[\]-~]|[%/:*?<>|]")
# RFC 8187, attr-char: what needs no percent-encoding in an extended value.
_ATTR_CHARS = "!#$&+-.^_`|~"


def parse_file_name(text: str) -> str:
    """Return a file name as given; raise `FieldInvalid` for an empty one and for anything like a path."""
    name = clean(FIELD, text, _MOST_BYTES)
    if not name:
        raise FieldInvalid(FIELD, "it is empty; is the variable in the hook's command empty?")
    if len(name.encode()) > _MOST_BYTES:
        raise FieldInvalid(FIELD, f"at most {_MOST_BYTES} bytes")
    if "/" in name or "\\" in name or name in {".", ".."}:
        raise FieldInvalid(FIELD, "a name without folders")
    return name


def from_segment(segment: str) -> str:
    """Return the file name in a URL's last segment, percent-decoded once."""
    try:
        return parse_file_name(unquote_to_bytes(segment.encode("utf-8", "surrogateescape")).decode())
    except UnicodeDecodeError:
        raise FieldInvalid(FIELD, "percent-encoded UTF-8") from None


def content_type_of(name: str | None) -> str:
    """Return an audio type by extension where browsers know one; anything else is only bytes."""
    extension = (name or "").rpartition(".")[2].lower()
    return _AUDIO_TYPES.get(extension, "application/octet-stream")


def disposition(name: str) -> str:
    """Return the Content-Disposition (RFC 6266): a plain fallback, and the whole name by RFC 8187."""
    plain = _UNSAFE_IN_QUOTES.sub("_", name).strip(" .") or "recording"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe=_ATTR_CHARS)}"
