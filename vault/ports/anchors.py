"""Anchors: where the log's signed checkpoints are kept outside of it, and who says when they were there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Anchor:
    """A signed checkpoint as it was kept: `note` is the C2SP signed note, `stamp` an RFC 3161 response."""

    size: int
    note: bytes
    stamp: bytes | None = None


class AnchorPlace(Protocol):
    """A place outside of the vault that keeps checkpoints: what is there is never written over."""

    @property
    def name(self) -> str:
        """What people know it by, without a secret."""
        ...

    async def keep(self, anchor: Anchor) -> None:
        """Keep an anchor durably; one of the same size that is there already stays as it is.

        Raise `AnchorUnavailable`, also where what is there is another checkpoint: this one is not kept then.
        """
        ...

    async def sizes(self) -> Sequence[int]:
        """Return the sizes of what is kept, smallest first; raise `AnchorUnavailable`.

        They are what others may have written there too: only a signature says that an anchor is ours.
        """
        ...

    async def read(self, size: int) -> Anchor:
        """Return what is kept as the anchor of that size; raise `AnchorUnavailable`."""
        ...


class TimestampAuthority(Protocol):
    """Somebody else who signs that bytes were there at a time (RFC 3161)."""

    async def stamp(self, note: bytes) -> bytes:
        """Return a time stamp that holds; raise `AnchorUnavailable`, `keys.errors.StampInvalid`."""
        ...

    async def stamped_at(self, anchor: Anchor) -> datetime:
        """Return the time in an anchor's stamp; raise `keys.errors.StampInvalid`."""
        ...
