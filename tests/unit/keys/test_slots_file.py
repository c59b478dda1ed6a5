"""The slot file in one folder: making, reading, destroying, dropping."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest

from keys.errors import SlotDestroyed, SlotsUnavailable
from keys.slots import SEGMENT_BYTES, SLOT_BYTES, SLOTS_PER_SEGMENT, SlotFile
from keys.slots.layout import runs
from tests.harness.slot_files import made, reopen


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder that does not exist yet."""
    return tmp_path / "deep" / "slots"


@pytest.fixture
def slots(folder: Path) -> SlotFile:
    """Make a slot file with its first segment."""
    return made(folder)


def bytes_on_disk(folder: Path) -> bytes:
    """Everything that any file of a folder holds."""
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file())


def test_every_slot_is_random_and_stays(slots: SlotFile, folder: Path) -> None:
    """No two slots are alike, and a slot reads the same from another process."""
    values = {slots.read(number).reveal() for number in range(SLOTS_PER_SEGMENT)}
    again = reopen(folder)

    assert len(values) == SLOTS_PER_SEGMENT
    assert {len(value) for value in values} == {SLOT_BYTES}
    assert again.read(77) == slots.read(77)
    assert "Secret(…)" in repr(slots.read(77))


def test_segments_are_whole_and_private(slots: SlotFile, folder: Path) -> None:
    """A segment is fully written, no hole in it, and nobody else can look."""
    status = (folder / "00000000.slots").stat()

    assert status.st_size == SEGMENT_BYTES
    assert status.st_blocks * 512 >= SEGMENT_BYTES
    assert stat.S_IMODE(status.st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_ensure_makes_all_segments_up_to_a_number_once(slots: SlotFile, folder: Path) -> None:
    """Asking again, also by another process, changes nothing; numbers go on after the last."""
    first = slots.read(0)

    slots.ensure(2 * SLOTS_PER_SEGMENT)
    kept = bytes_on_disk(folder)
    reopen(folder).ensure(2 * SLOTS_PER_SEGMENT)

    assert bytes_on_disk(folder) == kept
    assert slots.read(0) == first
    assert slots.next_unused == 3 * SLOTS_PER_SEGMENT


def test_a_destroyed_slot_leaves_no_byte(slots: SlotFile, folder: Path) -> None:
    """Its bytes are in no file any more, and its neighbours are as they were."""
    before = [slots.read(number) for number in range(4)]

    outcome = slots.destroy([1, 2])

    assert outcome.complete
    assert outcome.unreachable == ()
    raw = bytes_on_disk(folder)
    for number in (1, 2):
        assert before[number].reveal() not in raw
        with pytest.raises(SlotDestroyed):
            slots.read(number)
    assert [slots.read(0), slots.read(3)] == [before[0], before[3]]
    assert (folder / "00000000.slots").stat().st_size == SEGMENT_BYTES


def test_destroying_twice_is_the_same(slots: SlotFile, folder: Path) -> None:
    """A repeated destruction succeeds and touches nothing else."""
    slots.destroy([5])
    once = bytes_on_disk(folder)

    assert slots.destroy([5, 5]).complete
    assert bytes_on_disk(folder) == once


def test_a_number_never_made_is_an_error_not_a_creation(slots: SlotFile, folder: Path) -> None:
    """Destroying beyond the last segment fails, makes no file, and still destroys the others."""
    names = sorted(path.name for path in folder.iterdir())

    with pytest.raises(SlotsUnavailable):
        slots.destroy([3, 10 * SLOTS_PER_SEGMENT])

    assert sorted(path.name for path in folder.iterdir()) == names
    with pytest.raises(SlotDestroyed):
        slots.read(3)
    with pytest.raises(SlotsUnavailable):
        slots.read(10 * SLOTS_PER_SEGMENT)


def test_negative_numbers_are_refused(slots: SlotFile) -> None:
    """A negative number never wraps round to a slot."""
    for attempt in (
        slots.read,
        slots.ensure,
        lambda n: slots.destroy([0, n]),
        lambda n: slots.zero_again([n]),
    ):
        with pytest.raises(ValueError, match="negative"):
            attempt(-1)


@pytest.mark.parametrize("deleted", [0, 1])
def test_a_lost_segment_is_never_made_afresh(slots: SlotFile, folder: Path, deleted: int) -> None:
    """A segment that someone deleted, even the newest, is missed loudly and not replaced."""
    slots.ensure(SLOTS_PER_SEGMENT)
    (folder / f"{deleted:08d}.slots").unlink()
    number = deleted * SLOTS_PER_SEGMENT
    again = reopen(folder)

    with pytest.raises(SlotsUnavailable):
        again.ensure(number)
    with pytest.raises(SlotsUnavailable):
        again.read(number)
    assert again.next_unused == 2 * SLOTS_PER_SEGMENT
    assert again.reconcile().segments_lost == (deleted,)
    assert not (folder / f"{deleted:08d}.slots").exists()


def test_wholly_destroyed_segments_go_and_stay_destroyed(slots: SlotFile, folder: Path) -> None:
    """They are unlinked, read as destroyed, are destroyed again without complaint, never made again."""
    slots.ensure(2 * SLOTS_PER_SEGMENT)
    slots.destroy(range(SLOTS_PER_SEGMENT))
    alive = slots.read(SLOTS_PER_SEGMENT)

    dropped = slots.drop_empty_segments()

    again = reopen(folder)
    again.ensure(2 * SLOTS_PER_SEGMENT)
    again.ensure(0)
    assert dropped == 1
    assert not (folder / "00000000.slots").exists()
    with pytest.raises(SlotDestroyed):
        again.read(7)
    assert again.destroy([7]).complete
    assert again.read(SLOTS_PER_SEGMENT) == alive
    assert again.next_unused == 3 * SLOTS_PER_SEGMENT
    assert again.reconcile().segments_lost == ()


def test_the_newest_segment_and_living_ones_are_not_dropped(slots: SlotFile, folder: Path) -> None:
    """One slot alive keeps its segment; the newest stays even when it is all zero."""
    slots.ensure(SLOTS_PER_SEGMENT)
    slots.destroy(range(1, 2 * SLOTS_PER_SEGMENT))

    assert slots.drop_empty_segments() == 0
    assert {"00000000.slots", "00000001.slots"} <= {path.name for path in folder.iterdir()}


def test_a_segment_of_another_length_is_not_read(slots: SlotFile, folder: Path) -> None:
    """A truncated or grown segment is unavailable, not destroyed and not extended."""
    segment = folder / "00000000.slots"
    for length in (SEGMENT_BYTES - SLOT_BYTES, SEGMENT_BYTES + 1):
        os.truncate(segment, length)
        with pytest.raises(SlotsUnavailable):
            slots.read(SLOTS_PER_SEGMENT - 1)
        with pytest.raises(SlotsUnavailable):
            slots.destroy([0])
        assert segment.stat().st_size == length


def test_an_older_copy_brought_back_is_zeroed_again(slots: SlotFile, folder: Path, tmp_path: Path) -> None:
    """What the database knows as destroyed does not come back with an old folder; the rest lives."""
    secrets = {number: slots.read(number).reveal() for number in (0, 1, 2, SLOTS_PER_SEGMENT - 1)}
    shutil.copytree(folder, tmp_path / "old")
    slots.destroy([0, 2, SLOTS_PER_SEGMENT - 1])
    shutil.rmtree(folder)
    (tmp_path / "old").rename(folder)
    again = reopen(folder)

    alive = again.zero_again([SLOTS_PER_SEGMENT - 1, 2, 0, 2, 99 * SLOTS_PER_SEGMENT])

    assert alive == 3
    assert again.zero_again([0, 2, SLOTS_PER_SEGMENT - 1]) == 0
    raw = bytes_on_disk(folder)
    assert [secrets[number] in raw for number in (0, 1, 2, SLOTS_PER_SEGMENT - 1)] == [
        False,
        True,
        False,
        False,
    ]


def test_neighbouring_slots_are_joined() -> None:
    """Every slot is in exactly one run, whatever the order."""
    assert runs([]) == []
    assert runs([5, 4, 3, 9, 9, 0]) == [(0, 1), (3, 3), (9, 1)]
