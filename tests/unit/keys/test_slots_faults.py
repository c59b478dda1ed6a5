"""Slots on folders that are not ours and disks that fail."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from keys.errors import SlotsUnavailable, SlotsUnsafe
from keys.slots import SLOT_BYTES, SLOTS_PER_SEGMENT, SlotFile
from tests.harness.slot_files import VAULT, made, reopen


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder that does not exist yet."""
    return tmp_path / "deep" / "slots"


@pytest.fixture
def slots(folder: Path) -> SlotFile:
    """Make a slot file with its first segment."""
    return made(folder)


def failing_on(folder: Path, code: int, real: Callable[..., object]) -> Callable[..., object]:
    """Make a call on a descriptor fail for the files of one folder."""

    def call(fd: int, *args: object, **kwargs: object) -> object:
        if str(Path(f"/proc/self/fd/{fd}").readlink()).startswith(f"{folder}/"):
            raise OSError(code, os.strerror(code))
        return real(fd, *args, **kwargs)

    return call


def test_a_folder_swapped_underneath_is_not_used_unseen(
    slots: SlotFile, folder: Path, tmp_path: Path
) -> None:
    """An old copy put in place of the folder while we run is not read before it was reconciled."""
    shutil.copytree(folder, tmp_path / "old")
    folder.rename(tmp_path / "current")
    (tmp_path / "old").rename(folder)

    with pytest.raises(SlotsUnavailable):
        slots.read(0)
    slots.reconcile()
    assert len(slots.read(0)) == SLOT_BYTES


def test_a_folder_replaced_by_a_file_is_unavailable(slots: SlotFile, folder: Path, tmp_path: Path) -> None:
    """Reading, destroying and opening all say so, and work again when it is back."""
    folder.rename(tmp_path / "aside")
    folder.write_text("a file")
    for attempt in (
        lambda: slots.read(0),
        lambda: slots.destroy([0]),
        lambda: reopen(folder),
        slots.reconcile,
    ):
        with pytest.raises(SlotsUnavailable):
            attempt()
    with pytest.raises(SlotsUnavailable):
        SlotFile.create([folder], vault_id=VAULT, allow_unsafe=True)

    folder.unlink()
    (tmp_path / "aside").rename(folder)
    assert len(slots.read(0)) == SLOT_BYTES


def test_foreign_folders_are_refused_and_left_alone(slots: SlotFile, folder: Path, tmp_path: Path) -> None:
    """Another vault's folder, a folder with papers in it and an empty one are no place for slots."""
    papers, empty = tmp_path / "papers", tmp_path / "empty"
    papers.mkdir()
    empty.mkdir()
    (papers / "letter.txt").write_text("dear")

    with pytest.raises(SlotsUnsafe, match="another vault"):
        SlotFile.open([folder], vault_id="vault-2", allow_unsafe=True)
    with pytest.raises(SlotsUnsafe, match="another vault"):
        SlotFile.create([folder], vault_id="vault-2", allow_unsafe=True)
    with pytest.raises(SlotsUnsafe, match="not empty"):
        SlotFile.create([papers], vault_id=VAULT, allow_unsafe=True)
    with pytest.raises(SlotsUnsafe, match="mirrors add"):
        reopen(empty)
    assert [path.name for path in papers.iterdir()] == ["letter.txt"]


def test_a_marker_that_is_not_ours_is_refused(slots: SlotFile, folder: Path) -> None:
    """A damaged marker does not pass for this vault's."""
    (folder / "mirror").write_text("callvault-slots-1\nvault vault-1\n")

    with pytest.raises(SlotsUnsafe, match="marked"):
        reopen(folder)


def test_a_fresh_disk_with_lost_and_found_is_taken(folder: Path) -> None:
    """The folder that mkfs makes does not stand in the way."""
    (folder / "lost+found").mkdir(parents=True)

    assert SlotFile.create([folder], vault_id=VAULT, allow_unsafe=True).next_unused == 0


@pytest.mark.parametrize("vault_id", ["", "two words", "line\nbreak", "ä"])
def test_vault_ids_that_would_confuse_the_marker_are_refused(folder: Path, vault_id: str) -> None:
    """A vault id can't forge a marker's second line."""
    with pytest.raises(ValueError, match="vault id"):
        SlotFile.create([folder], vault_id=vault_id, allow_unsafe=True)


def test_no_folder_at_all_is_refused() -> None:
    """Slots without a folder are a mistake in the configuration."""
    with pytest.raises(ValueError, match="at least one"):
        reopen()


def test_a_full_disk_leaves_nothing_half_made(
    slots: SlotFile, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No space is a clear error, no segment appears, and it works once there is space."""
    real = os.pwrite
    calls = itertools.count()

    def full(fd: int, content: bytes, offset: int) -> int:
        if next(calls) == 0:
            return real(fd, bytes(content)[:1000], offset)
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(SlotsUnavailable, match="No space left"):
            slots.ensure(SLOTS_PER_SEGMENT)

    assert not (folder / "00000001.slots").exists()
    slots.ensure(SLOTS_PER_SEGMENT)
    assert len(slots.read(SLOTS_PER_SEGMENT)) == SLOT_BYTES
    assert not (folder / "incoming").exists()


def test_a_read_error_is_unavailable_not_destroyed(
    slots: SlotFile, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """EIO is no proof of destruction; the only mirror is tried again next time."""
    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", failing_on(folder, errno.EIO, os.pread))
        with pytest.raises(SlotsUnavailable):
            slots.read(0)

    assert len(slots.read(0)) == SLOT_BYTES


def test_a_segment_cut_while_it_is_read_is_unavailable(
    slots: SlotFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A short answer is never taken for a shorter slot."""
    real = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, length, offset: real(fd, length - 1, offset))

    with pytest.raises(SlotsUnavailable):
        slots.read(0)


def test_a_disk_that_forgets_the_overwrite_is_found_out(
    slots: SlotFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that claims success but changes nothing is no destruction."""
    monkeypatch.setattr(os, "pwrite", lambda _fd, content, _offset: len(content))

    with pytest.raises(SlotsUnavailable):
        slots.destroy([0])


def test_a_failed_sync_is_no_destruction(
    slots: SlotFile, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a durable overwrite nothing is certified."""
    monkeypatch.setattr(os, "fdatasync", failing_on(folder, errno.EIO, os.fdatasync))

    with pytest.raises(SlotsUnavailable):
        slots.destroy([0])


def test_a_damaged_count_of_segments_is_not_guessed(slots: SlotFile, folder: Path) -> None:
    """Without knowing how many segments were made, none is made."""
    (folder / "made").write_bytes(b"garbage")

    with pytest.raises(SlotsUnavailable):
        reopen(folder).ensure(SLOTS_PER_SEGMENT)
