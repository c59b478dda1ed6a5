"""The slot file behind its port: each promise of `vault.ports.slots.Slots`, on real folders."""

from __future__ import annotations

import asyncio
import errno
import shutil
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path

import pytest

from keys.errors import SlotDestroyed, SlotsUnavailable
from keys.slots import SLOTS_PER_SEGMENT, SlotFile
from vault.store.slots import ThreadedSlots

VAULT = "vault-1"
BATCH = 100


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """Return two mirrors, made."""
    folders = [tmp_path / "one", tmp_path / "two"]
    SlotFile.create(folders, vault_id=VAULT, allow_unsafe=True)
    return folders


def opened(folders: list[Path]) -> ThreadedSlots:
    """Return the port over those mirrors."""
    return ThreadedSlots(SlotFile.open(folders, vault_id=VAULT, allow_unsafe=True))


@pytest.fixture
def slots(folders: list[Path]) -> ThreadedSlots:
    """Return the port over two mirrors."""
    return opened(folders)


async def numbers(found: Sequence[int]) -> AsyncIterator[Sequence[int]]:
    """Yield numbers as the database does, in batches."""
    for start in range(0, len(found), BATCH):
        yield found[start : start + BATCH]


async def test_a_claimed_number_has_a_slot_that_stays(slots: ThreadedSlots, folders: list[Path]) -> None:
    """The segment is made on the way, and the slot is the same for whoever opens the folders next."""
    claimed = await slots.claimable(SLOTS_PER_SEGMENT + 1)
    assert len(claimed) == 32
    assert await opened(folders).read(SLOTS_PER_SEGMENT + 1) == claimed


async def test_claims_at_the_same_time_get_their_own(slots: ThreadedSlots) -> None:
    """Uploads that come together on a new segment each get another slot."""
    claimed = await asyncio.gather(*(slots.claimable(number) for number in range(40)))
    assert len({slot.reveal() for slot in claimed}) == 40


async def test_a_destroyed_slot_is_gone(slots: ThreadedSlots) -> None:
    """Destroyed is destroyed, and only that one; again is no error."""
    await slots.claimable(0)
    other = await slots.claimable(1)
    assert await slots.destroy([0])
    assert await slots.destroy(iter([0]))
    with pytest.raises(SlotDestroyed):
        await slots.read(0)
    assert await slots.read(1) == other


async def test_a_number_destroyed_before_it_was_claimed_can_not_be_used(slots: ThreadedSlots) -> None:
    """Nothing is sealed under a slot of zeros."""
    await slots.claimable(0)
    await slots.destroy([5])
    with pytest.raises(SlotDestroyed):
        await slots.claimable(5)


async def test_only_the_living_are_returned(slots: ThreadedSlots) -> None:
    """Of many numbers, asked for twice or not, the destroyed ones are left out."""
    living = {number: await slots.claimable(number) for number in range(6)}
    await slots.destroy([1, 4])
    found = await slots.read_many(iter([0, 1, 2, 2, 3, 4, 5]))
    assert found == {number: living[number] for number in (0, 2, 3, 5)}
    assert await slots.read_many([]) == {}


async def test_a_lost_segment_is_no_destroyed_one(slots: ThreadedSlots, folders: list[Path]) -> None:
    """What can't be read is unavailable: it must not count as destroyed."""
    await slots.claimable(0)
    for folder in folders:
        next(folder.glob("*.slots")).unlink()
    with pytest.raises(SlotsUnavailable):
        await slots.read_many([0])


async def test_a_mirror_away_makes_a_destruction_incomplete(
    slots: ThreadedSlots, folders: list[Path]
) -> None:
    """No certificate while a copy may live; once the mirror is back and reconciled, it is complete."""
    await slots.claimable(0)
    away = folders[1].rename(folders[1].with_name("away"))
    assert not await slots.destroy([0])
    away.rename(folders[1])
    assert (await slots.reconcile(numbers([]))).repaired == 1
    assert await slots.destroy([0])


async def test_what_came_back_is_destroyed_again(
    slots: ThreadedSlots, folders: list[Path], tmp_path: Path
) -> None:
    """Yesterday's copy of every mirror brings nothing back, over many batches; the count tells."""
    many = range(0, 3 * SLOTS_PER_SEGMENT, 2)
    living = await slots.claimable(3 * SLOTS_PER_SEGMENT - 1)
    for folder in folders:
        shutil.copytree(folder, tmp_path / "yesterday" / folder.name)
    await slots.destroy(many)
    for folder in folders:
        shutil.rmtree(folder)
        (tmp_path / "yesterday" / folder.name).rename(folder)
    restored = opened(folders)
    assert (await restored.reconcile(numbers(many))).repaired == len(many)
    assert await restored.read_many(many) == {}
    assert await restored.read(3 * SLOTS_PER_SEGMENT - 1) == living
    assert (await restored.reconcile(numbers(many))).repaired == 0


async def test_a_segment_that_returns_with_a_mirror_is_looked_at(
    slots: ThreadedSlots, folders: list[Path]
) -> None:
    """A mirror comes back with a segment the other lost: what is destroyed in it is not copied alive."""
    await slots.claimable(0)
    away = folders[1].rename(folders[1].with_name("away"))
    assert not await slots.destroy([0])
    next(folders[0].glob("*.slots")).unlink()
    away.rename(folders[1])
    await slots.reconcile(numbers([0]))
    with pytest.raises(SlotDestroyed):
        await slots.read(0)


async def test_a_wholly_destroyed_segment_is_unlinked(slots: ThreadedSlots, folders: list[Path]) -> None:
    """Reconciling tidies up: an old segment of zeros is no file any more, and still reads as destroyed."""
    await slots.claimable(SLOTS_PER_SEGMENT)
    await slots.destroy(range(SLOTS_PER_SEGMENT))
    await slots.reconcile(numbers(range(SLOTS_PER_SEGMENT)))
    assert [len(list(folder.glob("*.slots"))) for folder in folders] == [1, 1]
    with pytest.raises(SlotDestroyed):
        await slots.read(7)


async def test_the_head_never_goes_back(slots: ThreadedSlots, folders: list[Path]) -> None:
    """The highest checkpoint is kept, on any order of writes, for whoever opens the folders next."""
    assert await slots.read_head() is None
    await asyncio.gather(*(slots.write_head(b"checkpoint %d" % size, size) for size in (3, 9, 4, 1)))
    assert await opened(folders).read_head() == b"checkpoint 9"


async def test_a_disk_error_is_unavailable(slots: ThreadedSlots, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the system that gets through the slot file still comes in our words, without a path."""

    def broken(*_args: object) -> None:
        raise OSError(errno.EIO, "Input/output error", "/somewhere/slots")

    for name in ("read", "read_many", "destroy", "write_head", "read_head", "ensure", "reconcile"):
        monkeypatch.setattr(SlotFile, name, broken)
    calls: list[Callable[[], object]] = [
        lambda: slots.read(0),
        lambda: slots.read_many([0]),
        lambda: slots.claimable(0),
        lambda: slots.destroy([0]),
        lambda: slots.write_head(b"", 0),
        slots.read_head,
        lambda: slots.reconcile(numbers([])),
    ]
    for call in calls:
        with pytest.raises(SlotsUnavailable, match="Input/output error") as raised:
            await call()  # type: ignore[misc]  # each returns a coroutine of another type
        assert "/somewhere" not in str(raised.value)


async def test_a_cancelled_destruction_has_ended(
    slots: ThreadedSlots, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is told of a cancellation can rely on it: nothing is destroyed behind its back later."""
    await slots.claimable(0)
    begun, go_on, real = threading.Event(), threading.Event(), SlotFile.destroy

    def slow(self: SlotFile, wanted: Iterable[int]) -> object:
        begun.set()
        assert go_on.wait(30)
        return real(self, wanted)

    monkeypatch.setattr(SlotFile, "destroy", slow)
    destroying = asyncio.create_task(slots.destroy([0]))
    await asyncio.to_thread(begun.wait, 30)
    destroying.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await destroying
    with pytest.raises(SlotDestroyed):
        await slots.read(0)


async def test_survivors_among_any_numbers(slots: ThreadedSlots) -> None:
    """Those that live are told, in order, and nothing is changed; of what was never made nothing lives."""
    for number in (0, 1, 2, 4096 * 3):
        await slots.claimable(number)
    await slots.destroy([1])

    asked = [2, 1, 0, 4096 * 3, 10**12, -5]
    assert list(await slots.survivors(asked)) == [0, 2, 4096 * 3]
    assert list(await slots.survivors(asked)) == [0, 2, 4096 * 3]
    assert list(await slots.survivors([])) == []


async def test_damage_that_no_mirror_mends_is_told(slots: ThreadedSlots, folders: list[Path]) -> None:
    """A segment that is gone from every mirror is no silence: whoever starts hears of it, again and again."""
    await slots.claimable(SLOTS_PER_SEGMENT)
    assert (await slots.reconcile(numbers([]))).damage == ()
    for folder in folders:
        next(iter(sorted(folder.glob("*.slots")))).unlink()

    for _ in range(2):
        (damage,) = (await opened(folders).reconcile(numbers([]))).damage
        assert f"slots 0 to {SLOTS_PER_SEGMENT - 1} among them" in damage


async def test_mirrors_that_disagree_are_told(slots: ThreadedSlots, folders: list[Path]) -> None:
    """Other bytes on one mirror: the slot is not read any more, and its number is told."""
    await slots.claimable(0)
    segment = next(iter(sorted(folders[1].glob("*.slots"))))
    content = bytearray(segment.read_bytes())
    content[6 * 32] ^= 1
    segment.write_bytes(content)

    (damage,) = (await opened(folders).reconcile(numbers([]))).damage

    assert "number 6 among them" in damage
