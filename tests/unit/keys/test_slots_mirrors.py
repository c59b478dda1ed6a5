"""Slots mirrored on several disks: one away, one behind, one new, several processes."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from keys.errors import SlotDestroyed, SlotsUnavailable, SlotsUnsafe
from keys.slots import SLOT_BYTES, SLOTS_PER_SEGMENT, SlotFile
from tests.harness.slot_files import made, reopen, segment_of


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """One disk."""
    return tmp_path / "first"


@pytest.fixture
def second(tmp_path: Path) -> Path:
    """Another disk."""
    return tmp_path / "second"


@pytest.fixture
def slots(first: Path, second: Path) -> SlotFile:
    """Two mirrors with one segment."""
    return made(first, second)


def take_away(folder: Path) -> Path:
    """Unmount a disk, in effect; return where it is now."""
    return folder.rename(folder.with_name(f"{folder.name} away"))


def bring_back(folder: Path) -> None:
    """Mount it again."""
    folder.with_name(f"{folder.name} away").rename(folder)


def test_every_mirror_holds_the_same(slots: SlotFile, first: Path, second: Path) -> None:
    """Either disk alone reads every slot."""
    slots.ensure(SLOTS_PER_SEGMENT)

    assert segment_of(first, 0) == segment_of(second, 0)
    assert segment_of(first, 1) == segment_of(second, 1)
    assert segment_of(first, 0) != segment_of(first, 1)
    assert reopen(second).read(9) == reopen(first).read(9)


def test_destruction_reaches_every_mirror(slots: SlotFile, first: Path, second: Path) -> None:
    """Its bytes are on no disk."""
    secret = slots.read(4).reveal()

    assert slots.destroy([4]).complete
    assert secret not in segment_of(first) + segment_of(second)


def test_a_mirror_away_makes_destruction_incomplete(slots: SlotFile, second: Path) -> None:
    """The answer names the disk that was not reached, and the slot is gone for readers."""
    take_away(second)

    outcome = slots.destroy([4])

    assert not outcome.complete
    assert outcome.unreachable == (second,)
    assert set(slots.away) == {second}
    with pytest.raises(SlotDestroyed):
        slots.read(4)


def test_a_returned_mirror_is_unused_until_reconciled(slots: SlotFile, first: Path, second: Path) -> None:
    """Back on its own it does not count; reconciled, it forgets what was destroyed meanwhile."""
    secret = slots.read(4).reveal()
    take_away(second)
    slots.destroy([4])
    slots.ensure(SLOTS_PER_SEGMENT)
    bring_back(second)

    assert not slots.destroy([4]).complete
    assert secret in segment_of(second)
    repair = slots.reconcile()

    assert repair.returned == (second,)
    assert (repair.slots_zeroed, repair.segments_copied) == (1, 1)
    assert secret not in segment_of(second)
    assert segment_of(first, 1) == segment_of(second, 1)
    assert slots.destroy([4]).complete
    assert not slots.away


def test_zero_on_any_mirror_is_destroyed_before_any_repair(
    slots: SlotFile, first: Path, second: Path
) -> None:
    """A slot that only one disk has forgotten is not read from the other."""
    reopen(second).destroy([4])

    with pytest.raises(SlotDestroyed):
        slots.read(4)
    assert reopen(first, second).reconcile().slots_zeroed == 1
    with pytest.raises(SlotDestroyed):
        reopen(first).read(4)


def test_an_old_copy_of_a_mirror_loses(slots: SlotFile, first: Path, second: Path, tmp_path: Path) -> None:
    """A disk restored from a backup is brought up to date, in either order of the paths."""
    secret = slots.read(4).reveal()
    shutil.copytree(first, tmp_path / "backup")
    slots.destroy([4])
    shutil.rmtree(first)
    (tmp_path / "backup").rename(first)

    reopen(second, first).reconcile()

    assert secret not in segment_of(first)


def test_zero_again_reaches_every_mirror(slots: SlotFile, first: Path, second: Path) -> None:
    """A slot alive on two mirrors counts once and is gone from both."""
    secret = slots.read(4).reveal()

    assert slots.zero_again([4]) == 1
    assert secret not in segment_of(first) + segment_of(second)


def test_open_tolerates_a_missing_mirror_but_not_all(slots: SlotFile, first: Path, second: Path) -> None:
    """One disk is enough to serve; none is not."""
    take_away(first)
    alone = reopen(first, second)
    assert set(alone.away) == {first}
    assert len(alone.read(0)) == SLOT_BYTES

    take_away(second)
    with pytest.raises(SlotsUnavailable, match="No such file"):
        reopen(first, second)


def test_an_empty_mount_point_is_not_a_mirror(slots: SlotFile, first: Path, second: Path) -> None:
    """At start it is refused; while running it stays away, and nothing is made in it."""
    take_away(second)
    second.mkdir()

    with pytest.raises(SlotsUnsafe, match="mirrors add"):
        reopen(first, second)
    slots.ensure(SLOTS_PER_SEGMENT)
    slots.reconcile()

    assert set(slots.away) == {second}
    assert list(second.iterdir()) == []


def test_a_mirror_that_fails_while_working_is_away(
    slots: SlotFile, first: Path, second: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An I/O error on one disk leaves the other serving, and the destruction incomplete."""
    real = os.fdatasync

    def broken(fd: int) -> None:
        if str(second) in str(Path(f"/proc/self/fd/{fd}").readlink()):
            raise OSError(errno.EIO, "Input/output error")
        real(fd)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", broken)
        outcome = slots.destroy([1])

    assert outcome.unreachable == (second,)
    assert len(slots.read(0)) == SLOT_BYTES
    slots.reconcile()
    assert slots.destroy([1]).complete


def test_dropped_segments_are_destroyed_on_a_returning_mirror(slots: SlotFile, second: Path) -> None:
    """A segment unlinked meanwhile is overwritten there too before it goes."""
    slots.ensure(SLOTS_PER_SEGMENT)
    away = take_away(second)
    slots.destroy(range(SLOTS_PER_SEGMENT))
    assert slots.drop_empty_segments() == 1
    old = (away / "00000000.slots").open("rb")
    bring_back(second)

    with old:
        repair = slots.reconcile()
        assert old.read().strip(b"\0") == b""

    assert repair.slots_zeroed == SLOTS_PER_SEGMENT
    assert not (second / "00000000.slots").exists()
    with pytest.raises(SlotDestroyed):
        reopen(second).read(0)


def test_many_are_read_as_one_is(slots: SlotFile, second: Path) -> None:
    """Zero on one mirror is destroyed; what mirrors disagree on, or none has, is unavailable."""
    slots.ensure(2 * SLOTS_PER_SEGMENT)
    far = 2 * SLOTS_PER_SEGMENT
    with (second / "00000000.slots").open("r+b") as segment:
        segment.seek(5 * SLOT_BYTES)
        segment.write(bytes(SLOT_BYTES) + b"x" * SLOT_BYTES)

    living = slots.read_many([far, 4, 5, 4])

    assert living == {4: slots.read(4), far: slots.read(far)}
    with pytest.raises(SlotsUnavailable, match="disagree on slot 6"):
        slots.read_many([4, 6, 7])
    with pytest.raises(SlotsUnavailable, match="on no mirror"):
        slots.read_many([4, 9 * SLOTS_PER_SEGMENT])


def test_disputed_slots_are_left_alone(slots: SlotFile, first: Path, second: Path) -> None:
    """Where two mirrors hold different living bytes neither is trusted and neither is lost."""
    with (second / "00000000.slots").open("r+b") as segment:
        segment.seek(6 * SLOT_BYTES)
        segment.write(b"x" * SLOT_BYTES)
    before = segment_of(first), segment_of(second)

    repair = slots.reconcile()

    assert repair.slots_disputed == (6,)
    with pytest.raises(SlotsUnavailable, match="disagree"):
        slots.read(6)
    assert (segment_of(first), segment_of(second)) == before
    assert slots.destroy([6]).complete
