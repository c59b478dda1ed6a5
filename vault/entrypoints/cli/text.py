"""Text from outside, made fit for a terminal: nothing in it moves the cursor, hides or turns around."""

from __future__ import annotations

import unicodedata

# Control, format (bidi controls, zero-width), surrogate, private, unassigned; line and paragraph separators.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_WIDE = frozenset({"W", "F"})


def plain(text: str) -> str:
    r"""Return the text with every unprintable character written as an escape such as `\x1b`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(character) for character in text)


def plain_lines(text: str) -> str:
    r"""Return the text as `plain` does, with its line ends (`\n`) left as they are."""
    return "\n".join(plain(line) for line in text.split("\n"))


def width(text: str) -> int:
    """Return how many columns printable text takes (Unicode Annex 11; combining marks take none)."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def pad(text: str, columns: int) -> str:
    """Fill up with spaces to that many columns."""
    return text + " " * (columns - width(text))


def _escaped(character: str) -> str:
    if unicodedata.category(character) not in _UNPRINTABLE:
        return character
    return character.encode("unicode_escape").decode("ascii")


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) == "Me":
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1
