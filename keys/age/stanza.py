"""Stanzas, and the two sides that write and read them.

C2SP age v1, "Recipient stanza".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from keys.age.base64 import decode
from keys.age.file_key import WRAPPED_BYTES, FileKey
from keys.errors import MalformedHeader


@dataclass(frozen=True, slots=True)
class Stanza:
    """One recipient's way to the file key: its kind, its arguments, and a body."""

    kind: str
    arguments: tuple[str, ...]
    body: bytes

    def require_arguments(self, count: int) -> None:
        """Raise `MalformedHeader` unless there are `count` arguments after the kind."""
        if len(self.arguments) != count:
            raise MalformedHeader(f"a stanza of this kind has {count} arguments after its name")

    def require_body(self) -> None:
        """Raise `MalformedHeader` unless the body has the length of a wrapped file key.

        Asked before decryption: one long ciphertext could be made to open under many keys
        ("partitioning oracle attacks").
        """
        if len(self.body) != WRAPPED_BYTES:
            raise MalformedHeader(f"the body of a stanza of this kind has {WRAPPED_BYTES} bytes")

    def binary(self, position: int, length: int) -> bytes:
        """Return argument `position`, decoded from base64; raise `MalformedHeader` unless `length` bytes."""
        raw = decode(self.arguments[position])
        if len(raw) != length:
            raise MalformedHeader(f"an argument of a stanza of this kind has {length} bytes")
        return raw


class Recipient(Protocol):
    """Someone a file is sealed to."""

    @property
    def post_quantum(self) -> bool:
        """Whether the stanza withstands a quantum computer. A header holds stanzas of one answer only."""
        ...

    def wrap(self, file_key: FileKey) -> Stanza:
        """Wrap `file_key` so that only this recipient's identity unwraps it; different every time."""
        ...


class Identity(Protocol):
    """Someone who can open what was sealed to the matching recipient."""

    def unwrap(self, stanzas: Sequence[Stanza]) -> FileKey | None:
        """Return the file key from the first stanza meant for this identity, or None.

        Stanzas of other kinds are passed over. Raises `MalformedHeader` if one of the own kind is not what
        the specification allows.
        """
        ...
