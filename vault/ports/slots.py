"""The slots, off the event loop. `keys.slots` is the thing itself; use cases see this much of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from keys.secret import Secret


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How many slots and segments were repaired; `damage` tells in words what can't be."""

    repaired: int
    damage: Sequence[str] = ()


class Slots(Protocol):
    """32-byte slots under which revocable ciphertexts lie; destroyed in place on every mirror."""

    async def read(self, number: int) -> Secret:
        """Return the slot; raise `keys.errors.SlotDestroyed` or `SlotsUnavailable`."""
        ...

    async def read_many(self, numbers: Iterable[int]) -> Mapping[int, Secret]:
        """Return the living ones among `numbers`; raise `SlotsUnavailable`."""
        ...

    async def survivors(self, numbers: Iterable[int]) -> Sequence[int]:
        """Return those among `numbers` that some reachable mirror still holds, ascending; of many, quickly.

        One that was never made lives on none. Raise `SlotsUnavailable`.
        """
        ...

    async def claimable(self, number: int) -> Secret:
        """Return the slot of a number just claimed, its segment made durable first if it is new."""
        ...

    async def destroy(self, numbers: Iterable[int]) -> bool:
        """Overwrite on every mirror, synced; return whether every mirror was reached. Idempotent."""
        ...

    async def write_head(self, checkpoint: bytes, size: int) -> None:
        """Keep the highest signed checkpoint beside the slots; never goes back."""
        ...

    async def read_head(self) -> bytes | None:
        """Return the highest checkpoint kept, or None on a new vault."""
        ...

    async def reconcile(self, destroyed: AsyncIterator[Sequence[int]]) -> Reconciled:
        """Zero again what is known as destroyed, bring mirrors up to date.

        What is destroyed comes in batches (`SlotClaims.destroyed`), each handled in one go.
        """
        ...
