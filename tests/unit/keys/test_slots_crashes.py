"""Slots under crashes: cut off before every single system call, and killed at any moment."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from keys.errors import SlotDestroyed
from keys.slots import SEGMENT_BYTES, SLOTS_PER_SEGMENT, SlotFile
from tests.harness.slot_files import VAULT, made, reopen

STEPS = ("open", "pwrite", "fsync", "fdatasync", "link", "unlink", "mkdir", "rename")
KILLS = 30


class Cut(BaseException):
    """The process died here: nothing that follows happens, clean-up neither."""


def is_cut(monkeypatch: pytest.MonkeyPatch, step: int, work: Callable[[], object]) -> bool:
    """Run the work until its n-th system call; return False when it got through before."""
    calls = itertools.count()

    def counted(real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            if next(calls) >= step:
                raise Cut
            return real(*args, **kwargs)

        return call

    with monkeypatch.context() as patch:
        for name in STEPS:
            patch.setattr(os, name, counted(getattr(os, name)))
        try:
            work()
        except Cut:
            return True
    return False


def make(root: Path) -> tuple[Path, Path]:
    """Two mirrors with one segment, in a folder of their own."""
    folders = root / "first", root / "second"
    made(*folders)
    return folders


def raw(*folders: Path) -> bytes:
    """Everything on the disks."""
    return b"".join(path.read_bytes() for folder in folders for path in sorted(folder.iterdir()))


def segments(folder: Path) -> dict[str, bytes]:
    """Every segment of a mirror by name; whole, or this fails."""
    found = {path.name: path.read_bytes() for path in folder.glob("*.slots")}
    assert {len(content) for content in found.values()} <= {SEGMENT_BYTES}
    return found


def test_create_cut_anywhere_can_be_called_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A set-up that was cut short is taken up by the next one."""
    for step in itertools.count():
        folders = tmp_path / f"{step}" / "a", tmp_path / f"{step}" / "b"

        def create(folders: tuple[Path, Path] = folders) -> SlotFile:
            return SlotFile.create(folders, vault_id=VAULT, allow_unsafe=True)

        cut = is_cut(monkeypatch, step, create)
        create().ensure(0)
        assert segments(folders[0]) == segments(folders[1])
        if not cut:
            break
    assert step > 20


def test_ensure_cut_anywhere_leaves_no_half_segment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is there is whole; called again, both mirrors agree and old slots are as they were."""
    for step in itertools.count():
        first, second = make(tmp_path / f"{step}")
        slots = reopen(first, second)
        secret = slots.read(3)

        cut = is_cut(monkeypatch, step, partial(slots.ensure, SLOTS_PER_SEGMENT))
        segments(first), segments(second)
        again = reopen(first, second)
        again.ensure(SLOTS_PER_SEGMENT)

        assert segments(first) == segments(second)
        assert len(segments(first)) == 2
        assert again.read(3) == secret
        assert again.next_unused == 2 * SLOTS_PER_SEGMENT
        again.destroy([0])
        assert not list((tmp_path / f"{step}").glob("*/incoming"))
        if not cut:
            break
    assert step > 20


def test_destroy_after_a_copy_cut_anywhere_leaves_no_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever filling a mirror was cut off, a destruction also finds what the copy left."""
    for step in itertools.count():
        first, second = make(tmp_path / f"{step}")
        (second / "00000000.slots").unlink()
        slots = reopen(first, second)
        secret, other = slots.read(3).reveal(), slots.read(4).reveal()

        cut = is_cut(monkeypatch, step, slots.reconcile)
        outcome = reopen(first, second).destroy([3])

        assert outcome.complete
        assert secret not in raw(first, second)
        assert other in raw(first)
        if not cut:
            break
    assert step > 20


def test_dropping_cut_anywhere_keeps_destroyed_apart_from_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A destroyed slot reads as destroyed whatever step the unlinking had come to."""
    for step in itertools.count():
        first, second = make(tmp_path / f"{step}")
        slots = reopen(first, second)
        slots.ensure(SLOTS_PER_SEGMENT)
        slots.destroy(range(SLOTS_PER_SEGMENT))

        cut = is_cut(monkeypatch, step, slots.drop_empty_segments)
        for again in (reopen(first), reopen(second), reopen(first, second)):
            with pytest.raises(SlotDestroyed):
                again.read(3)
        assert again.reconcile().segments_lost == ()
        again.drop_empty_segments()
        assert segments(first).keys() == segments(second).keys() == {"00000001.slots"}
        if not cut:
            break
    assert step > 10


def test_a_head_cut_anywhere_is_the_old_or_the_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing the head never loses the one before, and it can be written again."""
    for step in itertools.count():
        first, second = make(tmp_path / f"{step}")
        slots = reopen(first, second)
        slots.write_head(b"old", 1)

        cut = is_cut(monkeypatch, step, partial(slots.write_head, b"new", 2))
        assert reopen(first, second).read_head() in {b"old", b"new"}
        reopen(first, second).write_head(b"new", 2)
        assert {reopen(first).read_head(), reopen(second).read_head()} == {b"new"}
        if not cut:
            break
    assert step > 4


def killed(work: Callable[[Callable[[bytes], object]], None], progress: int) -> bytes:
    """Start a process, kill -9 it once it has told that much, and return all that it told."""
    reader, writer = os.pipe()

    def child() -> None:
        os.close(reader)
        work(lambda told: os.write(writer, told))

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    os.close(writer)
    with os.fdopen(reader, "rb", buffering=0) as pipe:
        told = b""
        while len(told) < progress:
            told += pipe.read(progress - len(told))
        process.kill()
        told += b"".join(iter(lambda: pipe.read(4096), b""))
    process.join()
    return told


def test_killed_while_working_nothing_acknowledged_is_undone(tmp_path: Path) -> None:
    """Over thirty kills: segments whole and alike, slots said to be destroyed gone, head not back."""
    chance = random.Random(7)  # noqa: S311 - picks moments, not secrets
    first, second = make(tmp_path)
    size = 1

    for _ in range(KILLS):
        start = reopen(first, second).next_unused

        def work(tell: Callable[[bytes], object], start: int = start, size: int = size) -> None:
            slots = reopen(first, second)
            for number in itertools.count(start):
                slots.ensure(number + 40 * (number - start))
                slots.destroy([number])
                slots.write_head(b"%d" % (size + number - start), size + number - start)
                tell(b".")

        done = len(killed(work, chance.randrange(1, 60)))

        slots = reopen(first, second)
        slots.reconcile()
        one, other = segments(first), segments(second)
        assert one == other
        for number in (start, start + done - 1):
            with pytest.raises(SlotDestroyed):
                slots.read(number)
        head = int(slots.read_head() or b"0")
        assert head in {size + done - 1, size + done}
        size = head + 1
    assert not list(tmp_path.glob("*/incoming"))
