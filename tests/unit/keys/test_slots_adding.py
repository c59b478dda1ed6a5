"""Adding a mirror, what a crash leaves in one, and several processes at once."""

from __future__ import annotations

import errno
import multiprocessing
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from keys.errors import SlotDestroyed, SlotsUnavailable, SlotsUnsafe
from keys.slots import SLOTS_PER_SEGMENT, SlotFile
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


def test_the_same_mirror_twice_is_refused(slots: SlotFile, first: Path, second: Path, tmp_path: Path) -> None:
    """A link to a mirror, or a copy of one, would only pretend to be a second disk."""
    (tmp_path / "link").symlink_to(first)
    shutil.copytree(first, tmp_path / "copy")

    for pretender in ("link", "copy"):
        with pytest.raises(SlotsUnsafe, match="same mirror"):
            reopen(first, tmp_path / pretender)
        with pytest.raises(SlotsUnsafe, match="same mirror"):
            slots.add_mirror(tmp_path / pretender)


def test_an_added_mirror_holds_everything(slots: SlotFile, first: Path, second: Path, tmp_path: Path) -> None:
    """Slots, tombstones, the count and the head are there, and it can serve alone."""
    slots.ensure(2 * SLOTS_PER_SEGMENT)
    slots.destroy([*range(SLOTS_PER_SEGMENT), SLOTS_PER_SEGMENT + 1])
    slots.drop_empty_segments()
    slots.write_head(b"head", 7)

    slots.add_mirror(tmp_path / "third")

    alone = reopen(tmp_path / "third")
    assert slots.paths == (first, second, tmp_path / "third")
    assert alone.read(SLOTS_PER_SEGMENT) == slots.read(SLOTS_PER_SEGMENT)
    for destroyed in (0, SLOTS_PER_SEGMENT + 1):
        with pytest.raises(SlotDestroyed):
            alone.read(destroyed)
    assert (alone.next_unused, alone.read_head()) == (3 * SLOTS_PER_SEGMENT, b"head")
    assert slots.destroy([SLOTS_PER_SEGMENT]).complete
    with pytest.raises(SlotDestroyed):
        alone.read(SLOTS_PER_SEGMENT)


def test_adding_a_foreign_folder_is_refused(
    slots: SlotFile, first: Path, second: Path, tmp_path: Path
) -> None:
    """Somebody's papers and another vault's slots are left alone, and the mirrors are as before."""
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "letter").write_text("dear")
    SlotFile.create([tmp_path / "other"], vault_id="vault-2", allow_unsafe=True)

    for foreign in ("papers", "other"):
        with pytest.raises(SlotsUnsafe):
            slots.add_mirror(tmp_path / foreign)
    assert slots.paths == (first, second)


def test_a_new_mirror_that_fails_is_not_taken(
    slots: SlotFile, first: Path, second: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut short, it can't be opened as a mirror; added again, it is complete."""
    third, real = tmp_path / "third", os.link

    def broken(source: str, target: str, **kwargs: Any) -> None:  # noqa: ANN401 - whatever link() takes
        if "src_dir_fd" in kwargs:
            raise OSError(errno.EIO, "Input/output error")
        real(source, target, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", broken)
        with pytest.raises(SlotsUnavailable, match="failed while it was filled"):
            slots.add_mirror(third)
    with pytest.raises(SlotsUnsafe, match="mirrors add"):
        reopen(first, third)
    assert (slots.paths, dict(slots.away)) == ((first, second), {})

    slots.add_mirror(third)
    assert segment_of(third) == segment_of(first)


def test_a_copy_left_by_a_crash_is_destroyed_with_its_slot(
    slots: SlotFile, first: Path, second: Path
) -> None:
    """A half-made copy holds live slots; a destruction overwrites it, not only unlinks it."""
    secret = slots.read(4).reveal()
    left = second / "incoming"
    shutil.copyfile(first / "00000000.slots", left)

    with left.open("rb") as still_open:
        slots.destroy([4])
        assert secret not in still_open.read()
    assert not left.exists()


def test_a_crash_right_after_linking_loses_nothing(slots: SlotFile, first: Path) -> None:
    """A leftover name of a living segment is removed without overwriting the segment."""
    secret = slots.read(4)
    os.link(first / "00000000.slots", first / "incoming")

    slots.destroy([5])

    assert not (first / "incoming").exists()
    assert slots.read(4) == secret


def test_processes_ensuring_at_once_agree(slots: SlotFile, first: Path, second: Path) -> None:
    """Whoever comes first makes the segment; everybody sees the same bytes on both disks."""
    fork = multiprocessing.get_context("fork")
    start, answers = fork.Barrier(4), fork.SimpleQueue()

    def work() -> None:
        mine = reopen(first, second)
        start.wait()
        mine.ensure(3 * SLOTS_PER_SEGMENT)
        answers.put([mine.read(n * SLOTS_PER_SEGMENT).reveal() for n in range(4)])

    workers = [fork.Process(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    seen = [answers.get() for _ in workers]
    for worker in workers:
        worker.join()

    assert all(answer == seen[0] for answer in seen)
    assert all(segment_of(first, n) == segment_of(second, n) for n in range(4))
    assert not list(first.glob("incoming*"))
