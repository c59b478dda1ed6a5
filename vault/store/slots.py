"""The slot file for the event loop: `vault.ports.slots.Slots` over `keys.slots.SlotFile`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from typing import ParamSpec, TypeVar

from keys.errors import SlotsUnavailable
from keys.secret import Secret
from keys.slots import SLOTS_PER_SEGMENT, Repair, SlotFile
from vault.ports.slots import Reconciled
from vault.store.threads import Threads

P = ParamSpec("P")
R = TypeVar("R")

# Each waits in fdatasync most of its time; use cases that destroy at the same time don't queue.
_THREADS = 8


class ThreadedSlots:
    """The slots, each call one hop to a thread, which has ended when the call ends, cancelled or not."""

    def __init__(self, slots: SlotFile) -> None:
        self._slots = slots
        self._threads = Threads("slots", _THREADS)

    def close(self) -> None:
        """Let the threads go; no slot can be read or destroyed any more."""
        self._threads.close()

    async def read(self, number: int) -> Secret:
        """Return the slot; raise `SlotDestroyed` or `SlotsUnavailable`."""
        return await self._hop(self._slots.read, number)

    async def read_many(self, numbers: Iterable[int]) -> Mapping[int, Secret]:
        """Return the living ones among `numbers`, all in one hop; raise `SlotsUnavailable`."""
        return await self._hop(self._slots.read_many, tuple(dict.fromkeys(numbers)))

    async def claimable(self, number: int) -> Secret:
        """Return the slot of a number just claimed, its segment made durable first if it is new."""
        return await self._hop(self._ensured, number)

    async def destroy(self, numbers: Iterable[int]) -> bool:
        """Overwrite on every mirror, synced; return whether every mirror was reached. Idempotent."""
        destruction = await self._hop(self._slots.destroy, tuple(numbers))
        return destruction.complete

    async def survivors(self, numbers: Iterable[int]) -> Sequence[int]:
        """Return those that some reachable mirror still holds, all in one hop; raise `SlotsUnavailable`."""
        return await self._hop(self._slots.survivors, tuple(numbers))

    async def write_head(self, checkpoint: bytes, size: int) -> None:
        """Keep the highest signed checkpoint beside the slots; a lower size is let go."""
        await self._hop(self._slots.write_head, checkpoint, size)

    async def read_head(self) -> bytes | None:
        """Return the highest checkpoint kept, or None on a new vault."""
        return await self._hop(self._slots.read_head)

    async def reconcile(self, destroyed: AsyncIterator[Sequence[int]]) -> Reconciled:
        """Bring mirrors up to date, zero again what is known as destroyed.

        In this order: a mirror that comes back may bring a segment that the others lack, and alive in it
        what is known as destroyed. Counted are slots zeroed and segments copied.
        """
        repair = await self._hop(self._slots.reconcile)
        repaired = repair.slots_zeroed + repair.segments_copied
        async for batch in destroyed:
            repaired += await self._hop(self._slots.zero_again, batch)
        await self._hop(self._slots.drop_empty_segments)
        return Reconciled(repaired, tuple(_damage(repair)))

    async def _hop(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await self._threads.run(work, *args, **kwargs)
        except OSError as error:
            raise SlotsUnavailable(f"the slots: {error.strerror or 'the disk does not answer'}") from error

    def _ensured(self, number: int) -> Secret:
        self._slots.ensure(number)
        return self._slots.read(number)


def _damage(repair: Repair) -> Iterator[str]:
    if lost := repair.segments_lost:
        slots = f"{lost[0] * SLOTS_PER_SEGMENT} to {(lost[0] + 1) * SLOTS_PER_SEGMENT - 1}"
        yield (
            f"{len(lost)} segments of slots were made and are on no mirror, slots {slots} among them: what "
            "lies under those can't be opened. Is there a mirror, or its disk, that is not in [slots] paths?"
        )
    if disputed := repair.slots_disputed:
        yield (
            f"the mirrors hold different bytes for {len(disputed)} slots, number {disputed[0]} among them: "
            "those are not read any more. One of the mirrors is another vault's, or damaged"
        )
