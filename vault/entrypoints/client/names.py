"""A recording's file name on the customer's disk: it never leaves the folder, on any operating system."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

_MOST_BYTES = 180  # of 255, so that `.tlog-proof`, `.part` and a number still fit
_FORBIDDEN = re.compile(r'[/\\:*?"<>|]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\..*)?", re.IGNORECASE)
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def safe_name(file_name: str | None, recording: str) -> str:
    """Return a name made of what the source called the file, or of the recording's id.

    Windows reserves device names and forbids some characters, and a name may not begin or end in a dot or
    a space there.
    """
    text = unicodedata.normalize("NFC", file_name or "")
    text = "".join("_" if unicodedata.category(c) in _UNPRINTABLE else c for c in text)
    text = _FORBIDDEN.sub("_", text).strip(" ").rstrip(". ")
    if text.startswith((".", "-", "~")):
        text = f"_{text}"
    if not text.strip("_. "):
        text = f"recording-{recording}"
    if _RESERVED.fullmatch(text):
        text = f"_{text}"
    return _shortened(text)


def reserve(folder: Path, name: str) -> Path:
    """Make an empty file of that name, or of the next free one, and return its path; it is ours to replace.

    Nothing that is there is ever overwritten.
    """
    stem, dot, extension = name.rpartition(".")
    number = 1
    while True:
        free = (
            name
            if number == 1
            else f"{stem or name}-{number}{dot if stem else ''}{extension if stem else ''}"
        )
        try:
            os.close(os.open(folder / free, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            number += 1
        else:
            return folder / free


def _shortened(text: str) -> str:
    """Cut in the middle of the stem, not of a character, and keep the extension: it names the format."""
    if len(text.encode()) <= _MOST_BYTES:
        return text
    stem, dot, extension = text.rpartition(".")
    if not stem or len(extension) > 10:  # noqa: PLR2004 - no format's extension is as long
        stem, dot, extension = text, "", ""
    room = _MOST_BYTES - len(f"{dot}{extension}".encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(". ") + dot + extension
