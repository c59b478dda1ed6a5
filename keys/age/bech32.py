"""Bech32, without its limit on length: the text form of recipients and identities.

BIP 173, as C2SP age v1 uses it ("Conventions"). No error quotes the text, which may be a secret.
"""

from __future__ import annotations

from collections.abc import Iterable

from keys.errors import MalformedIdentity

_CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUE_OF = {character: value for value, character in enumerate(_CHARSET)}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM_LENGTH = 6
# A post-quantum recipient takes 1960; more is not ours, and would only cost time.
_LONGEST_TEXT = 4096


def encode(prefix: str, data: bytes) -> str:
    """Return `data` under a human-readable prefix; upper case if the prefix is."""
    values = _to_groups_of_five(data)
    human = prefix.lower()
    remainder = _polymod([*_expand(human), *values, *[0] * _CHECKSUM_LENGTH]) ^ 1
    checksum = [(remainder >> shift) & 31 for shift in range(25, -1, -5)]
    text = human + "1" + "".join(_CHARSET[value] for value in [*values, *checksum])
    return text if prefix == human else text.upper()


def decode(prefix: str, text: str) -> bytes:
    """Return the data of `text`; raise `MalformedIdentity` unless prefix and checksum fit."""
    if len(text) > _LONGEST_TEXT:
        raise MalformedIdentity("the encoding is too long")
    if text not in (text.lower(), text.upper()):
        raise MalformedIdentity("upper and lower case are mixed")
    human, mark, data = text.rpartition("1")
    if not mark or human != prefix:
        raise MalformedIdentity(f"an encoding that begins with {prefix}1 was expected")
    values = [_VALUE_OF.get(character, -1) for character in data.lower()]
    if -1 in values or len(values) < _CHECKSUM_LENGTH:
        raise MalformedIdentity("the encoding is cut short or has characters that don't belong in it")
    if _polymod([*_expand(human.lower()), *values]) != 1:
        raise MalformedIdentity("the checksum does not fit: a character is wrong or missing")
    return _from_groups_of_five(values[:-_CHECKSUM_LENGTH])


def _polymod(values: Iterable[int]) -> int:
    checksum = 1
    for value in values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATOR):
            if top >> bit & 1:
                checksum ^= generator
    return checksum


def _expand(human: str) -> list[int]:
    return [ord(c) >> 5 for c in human] + [0] + [ord(c) & 31 for c in human]


def _to_groups_of_five(data: bytes) -> list[int]:
    bits = len(data) * 8
    padding = -bits % 5
    number = int.from_bytes(data, "big") << padding
    return [(number >> shift) & 31 for shift in range(bits + padding - 5, -1, -5)]


def _from_groups_of_five(values: list[int]) -> bytes:
    number = 0
    for value in values:
        number = number << 5 | value
    length, padding = divmod(len(values) * 5, 8)
    # "any incomplete group at the end MUST be 4 bits or less, MUST be all zeroes, and is discarded"
    if padding > 4 or number & ((1 << padding) - 1):  # noqa: PLR2004  the figure stands in the line above
        raise MalformedIdentity("the padding of the encoding is not zero")
    return (number >> padding).to_bytes(length, "big")
