"""The log's head beside the slots: only forward, whole, and remembered by any mirror."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from keys.errors import SlotsUnavailable
from keys.slots import SlotFile
from keys.slots.head import MAX_HEAD_BYTES, RECORD_BYTES
from tests.harness.slot_files import VAULT, reopen


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Two disks."""
    return tmp_path / "first", tmp_path / "second"


@pytest.fixture
def slots(folders: tuple[Path, Path]) -> SlotFile:
    """Mirrored slots without a head yet."""
    return SlotFile.create(folders, vault_id=VAULT, allow_unsafe=True)


def spoil(folder: Path, record: int) -> None:
    """Flip a byte in one of the two records."""
    content = bytearray((folder / "head").read_bytes())
    content[record * RECORD_BYTES + 30] ^= 1
    (folder / "head").write_bytes(content)


def test_before_the_first_there_is_none(slots: SlotFile) -> None:
    """An empty head is no error."""
    assert slots.read_head() is None


def test_the_highest_wins_whatever_the_order(slots: SlotFile, folders: tuple[Path, Path]) -> None:
    """A slower process can't take the head back, nor replace one of the same size."""
    for size in (3, 10, 9, 10, 0):
        slots.write_head(b"head %d" % size, size)
    kept = (folders[0] / "head").read_bytes()
    slots.write_head(b"z fork", 10)

    assert reopen(*folders).read_head() == b"head 10"
    assert (folders[0] / "head").read_bytes() == kept


def test_any_length_up_to_the_limit_is_kept_whole(slots: SlotFile) -> None:
    """Short, empty and longest heads follow each other without mixing."""
    for size, data in enumerate([b"", b"x" * MAX_HEAD_BYTES, b"y", b"z" * 500], start=1):
        slots.write_head(data, size)
        assert slots.read_head() == data


@pytest.mark.parametrize(("data", "size"), [(b"x" * (MAX_HEAD_BYTES + 1), 1), (b"", -1), (b"", 2**63)])
def test_what_does_not_fit_is_refused(slots: SlotFile, data: bytes, size: int) -> None:
    """Too long a head or an impossible size changes nothing."""
    with pytest.raises(ValueError, match=r"a head|a log"):
        slots.write_head(data, size)
    assert slots.read_head() is None


def test_one_spoilt_record_costs_at_most_one_step(folders: tuple[Path, Path]) -> None:
    """A torn write leaves the head before it; the next write repairs."""
    slots = SlotFile.create(folders[:1], vault_id=VAULT, allow_unsafe=True)
    slots.write_head(b"one", 1)
    slots.write_head(b"two", 2)
    spoil(folders[0], 1)

    assert slots.read_head() == b"one"
    slots.write_head(b"three", 3)
    assert slots.read_head() == b"three"


def test_a_damaged_head_is_not_taken_for_none(folders: tuple[Path, Path]) -> None:
    """Both records spoilt, a short file or a missing one is loud: a rollback would go unseen."""
    slots = SlotFile.create(folders[:1], vault_id=VAULT, allow_unsafe=True)
    slots.write_head(b"one", 1)
    slots.write_head(b"two", 2)
    head = folders[0] / "head"
    spoil(folders[0], 0)
    spoil(folders[0], 1)
    with pytest.raises(SlotsUnavailable):
        slots.read_head()
    with pytest.raises(SlotsUnavailable):
        slots.write_head(b"three", 3)

    for damage in (lambda: head.write_bytes(b""), head.unlink):
        damage()
        with pytest.raises(SlotsUnavailable):
            slots.read_head()


def test_one_mirror_is_enough_to_remember(slots: SlotFile, folders: tuple[Path, Path]) -> None:
    """The highest head of any mirror counts, and reconciling gives it to all."""
    slots.write_head(b"one", 1)
    reopen(folders[1]).write_head(b"two", 2)

    assert slots.read_head() == b"two"
    slots.reconcile()
    assert reopen(folders[0]).read_head() == b"two"


def test_a_log_begun_anew_counts_from_one_again(slots: SlotFile, folders: tuple[Path, Path]) -> None:
    """After an accepted loss the small new size wins, also over a mirror that was away."""
    slots.write_head(b"old", 1000)
    away = folders[1].rename(folders[1].with_name("away"))
    slots.restart_head(b"new", 1)
    slots.write_head(b"newer", 2)
    away.rename(folders[1])

    again = reopen(*folders)
    again.reconcile()

    assert again.read_head() == b"newer"
    assert reopen(folders[1]).read_head() == b"newer"


def test_racing_processes_keep_the_highest(slots: SlotFile, folders: tuple[Path, Path]) -> None:
    """Four processes writing interleaved sizes end with the highest on both disks."""
    fork = multiprocessing.get_context("fork")

    def work(offset: int) -> None:
        mine = reopen(*folders)
        for size in range(offset, 200, 4):
            mine.write_head(b"%d" % size, size)

    workers = [fork.Process(target=work, args=(offset,)) for offset in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert [reopen(folder).read_head() for folder in folders] == [b"199", b"199"]
