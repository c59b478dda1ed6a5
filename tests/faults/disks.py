"""Disks for trials: file systems in a file whose power can be cut, and small ones in memory that fill up."""

from __future__ import annotations

import fcntl
import mmap
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.faults.trial import CannotTry
from tests.harness.processes import eventually

MIB = 1 << 20
SIZES = {"ext4": 128 * MIB, "xfs": 320 * MIB}  # xfs refuses to be smaller than 300 MB
_SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN, XFS_IOC_GOINGDOWN: _IOR('X', 125, __u32)
_WITHOUT_FLUSHING = 2  # the journal in memory is lost too, as when the power goes
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


class Image:
    """A file system of its own in a file, mounted by a loop device."""

    def __init__(self, folder: Path, kind: str = "ext4") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / f"{kind}.img"
        self.mounted_at = folder / kind
        self.mounted_at.mkdir()
        with self.file.open("wb") as image:
            image.truncate(SIZES[kind])
        _run(f"mkfs.{kind}", "-q", str(self.file))

    def mount(self) -> None:
        """Mount it, which replays the file system's journal."""
        _run("mount", "-o", "loop", str(self.file), str(self.mounted_at))

    def sync(self) -> None:
        """Write out all that was written so far, and nothing of the machine's other disks."""
        _run("sync", "--file-system", str(self.mounted_at))

    def cut_power(self) -> None:
        """Let nothing more reach the disk, from this moment on: whatever was not synced is lost.

        What the file systems' own tests use as a power cut (ioctl `EXT4_IOC_SHUTDOWN`, xfs has the same).
        """
        fd = os.open(self.mounted_at, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, _SHUTDOWN, struct.pack("I", _WITHOUT_FLUSHING))
        finally:
            os.close(fd)

    def unmount(self) -> None:
        """Unmount it once nobody has a file open there any more."""
        eventually(lambda: unmounted(self.mounted_at))

    def holds(self, needle: bytes) -> bool:
        """Say whether these bytes are anywhere in the raw image, in use or freed."""
        with self.file.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw:
            return raw.find(needle) >= 0


@contextmanager
def image(folder: Path, kind: str = "ext4") -> Iterator[Image]:
    """Make and mount one; unmount and remove it whatever happens. Raise `CannotTry` where that can't be."""
    made = Image(folder, kind)
    made.mount()
    try:
        yield made
    finally:
        with suppress(TimeoutError):
            made.unmount()
        made.file.unlink()


@contextmanager
def small_disk(place: Path, size_bytes: int) -> Iterator[Path]:
    """Mount a file system in memory of that size; raise `CannotTry` where that can't be."""
    place.mkdir(parents=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(place))
    try:
        yield place
    finally:
        eventually(lambda: unmounted(place))


def remount(place: Path, how: str) -> None:
    """Mount a file system anew as it lies: `ro` or `rw`."""
    _run("mount", "-o", f"remount,{how}", str(place))


def move(old: Path, new: Path) -> None:
    """Take a mounted file system from one folder to another."""
    _run("mount", "--move", str(old), str(new))


def unmounted(place: Path) -> bool:
    """Unmount what is mounted there; say whether nothing is any more.

    The kernel's table is asked, for the root of a file system without power can't be looked at.
    """
    mounts = Path("/proc/self/mounts").read_text(encoding="utf-8").split("\n")
    if not any(line.split(" ")[1:2] == [str(place)] for line in mounts):
        return True
    return subprocess.run(["umount", place], capture_output=True, check=False).returncode == 0


def fill(path: Path, *, leaving_bytes: int) -> None:
    """Write a file until so much of its disk is free; with 0, until it takes no byte more."""
    size = max(0, shutil.disk_usage(path.parent).free - leaving_bytes)
    with path.open("wb", buffering=0) as file:
        with suppress(OSError):
            for _ in range(size // MIB):
                file.write(bytes(MIB))
            file.write(bytes(size % MIB))
        if not leaving_bytes:
            with suppress(OSError):
                while True:
                    file.write(bytes(4096))


def _run(program: str, *words: str) -> None:
    found = shutil.which(program, path=_PATH)
    if found is None:
        raise CannotTry(f"no {program} here")
    done = subprocess.run([found, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotTry(f"{program}: {done.stderr.strip()}")
