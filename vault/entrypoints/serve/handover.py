"""What the supervisor hands a worker: through its standard input, so that no secret is ever an argument.

The pipe stays open while the supervisor lives. Its end tells a worker that nobody watches it any more.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Self

import msgspec

from vault.config import Settings

ACCEPTING = b"accepting\n"
"""What a worker says on its standard output once it accepts connections."""


class Order(msgspec.Struct, frozen=True):
    """The settings, and the number of the inherited socket."""

    settings: Settings
    listener: int

    def encode(self) -> bytes:
        """Return the order as one line."""
        return msgspec.json.encode(self, enc_hook=str) + b"\n"

    @classmethod
    def read(cls, pipe: BinaryIO) -> Self:
        """Read an order; raise `msgspec.DecodeError` for anything else."""
        return msgspec.json.decode(pipe.readline(), type=cls, dec_hook=_path)


def _path(kind: type, value: object) -> Path:
    """Read back the one kind of setting that JSON has no word for."""
    if kind is not Path or not isinstance(value, str):
        raise NotImplementedError(f"a setting of type {kind.__name__}")
    return Path(value)
